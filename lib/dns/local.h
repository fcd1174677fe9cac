// Names that no server is asked for.
#pragma once

#include <optional>
#include <string>

#include "lib/dns/resolver.h"

namespace aisix::dns {

// An address, `localhost`, or a name of the hosts file.
std::optional<Answer> AnswerLocally(const Settings& settings, const std::string& host);

}  // namespace aisix::dns
