// JSON as YAML in block style. Every string value is quoted: none of them can become a number, a boolean or a
// reference.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace aisix::admin::etcd {

// The members of an object, each on a line of its own behind `indent` spaces.
void AppendYamlMembers(std::string& out, const nlohmann::json& value, size_t indent);

}  // namespace aisix::admin::etcd
