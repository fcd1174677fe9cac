// Checks of the regular expressions in the start-up file (spec 01 §5.5, §9.3; dialect: spec 00).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lib/config/zone_config.h"

namespace aisix::config {

// Writes `(?<name>` as RE2 reads it, `(?P<name>`. Look-behinds, escapes and character classes stay.
std::string TranslateNamedGroups(std::string_view pattern);

// Checks one rule; its pattern is translated in place. `index` counts from 0.
absl::Status CheckUrlRewrite(size_t index, UrlRewrite& rule);

// Checks all rules, patterns translated in place.
absl::Status CheckClientTypeRules(std::vector<ClientTypeRule>& rules);

}  // namespace aisix::config
