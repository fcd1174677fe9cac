#include "admin_worker/source/etcd/export/yaml_writer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/json/text.h"

namespace aisix::admin::etcd {
namespace {

using nlohmann::json;

// Words that some YAML reader takes for something else than a string.
constexpr std::array kReserved{"y", "n", "yes", "no", "on", "off", "null", "true", "false"};

bool IsPlainKey(const std::string& key) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !key.empty() && key[0] >= 'a' && key[0] <= 'z' && std::all_of(key.begin(), key.end(), is_plain) &&
         std::find(kReserved.begin(), kReserved.end(), key) == kReserved.end();
}

void AppendKey(std::string& out, const std::string& key) {
  if (IsPlainKey(key)) {
    out += key;
  } else {
    aisix::json::AppendString(out, key);
  }
  out += ':';
}

// What stands behind `key:` or `-`, with the end of its line.
void AppendValue(std::string& out, const json& value, size_t indent) {
  if (value.is_object() && !value.empty()) {
    out += '\n';
    AppendYamlMembers(out, value, indent + 2);
  } else if (value.is_array() && !value.empty()) {
    out += '\n';
    for (const json& item : value) {
      out.append(indent + 2, ' ').append("-");
      if (item.is_object() && !item.empty()) {
        // The first member stands beside the dash.
        std::string members;
        AppendYamlMembers(members, item, indent + 4);
        out += ' ';
        out += std::string_view(members).substr(indent + 4);
      } else {
        AppendValue(out, item, indent + 2);
      }
    }
  } else {
    out += ' ';
    if (value.is_string()) {
      aisix::json::AppendString(out, value.get_ref<const std::string&>());
    } else {
      out += value.dump();
    }
    out += '\n';
  }
}

}  // namespace

void AppendYamlMembers(std::string& out, const json& value, size_t indent) {
  for (const auto& [key, member] : value.items()) {
    out.append(indent, ' ');
    AppendKey(out, key);
    AppendValue(out, member, indent);
  }
}

}  // namespace aisix::admin::etcd
