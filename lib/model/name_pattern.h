// Name globs (spec 03 §1.5, 05 §3.5) and wildcard model names (03 §3.9). A pattern holds at most one `*`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aisix::model {

// Whether `pattern` matches the whole of `name`. Without `*`: equality. One `*`: any run of characters, also
// none; prefix and suffix do not overlap. Two or more: never. Case-sensitive; allocates nothing.
bool PatternMatches(std::string_view pattern, std::string_view name);

// The run that the single `*` of `pattern` stands for, a view into `name`; nullopt when there is not exactly
// one `*` or no match.
std::optional<std::string_view> PatternCapture(std::string_view pattern, std::string_view name);

// Whether any pattern of a grant matches; an empty list grants nothing.
bool AnyPatternMatches(std::span<const std::string> patterns, std::string_view name);

// Whether the name of a direct model is a wildcard: exactly one `*`.
bool IsWildcardName(std::string_view name);

// The upstream model of a wildcard row: the capture replaces the first `*` of `model_name`; a `model_name`
// without
// `*` is used as it is; an empty one stands for the capture itself (spec 05 §3.8).
std::string ExpandWildcard(std::string_view model_name, std::string_view capture);

}  // namespace aisix::model
