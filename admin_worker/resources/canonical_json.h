// Canonical JSON (spec 02 §9.3): what is pushed to the zones and what hashes are computed over.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace aisix::admin {

// Members sorted by the bytes of their names, no white space, minimal escaping, UTF-8 kept, integers in
// decimal, other numbers in their shortest form.
std::string CanonicalJson(const nlohmann::json& value);

}  // namespace aisix::admin
