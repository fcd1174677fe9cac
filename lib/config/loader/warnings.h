// What an operator should know about an accepted configuration.
#pragma once

#include <string>
#include <vector>

#include "lib/config/loader/environment.h"
#include "lib/config/loader/load.h"
#include "lib/config/zone_config.h"

namespace aisix::config {

// Keys that the operator gave and whose feature this version does not have, in the order of the reference.
std::vector<std::string> KeysWithoutEffect(const Loaded& loaded);

// One line each. No secret is in them.
std::vector<std::string> StartWarnings(const Loaded& loaded, const Environment& environment);

}  // namespace aisix::config
