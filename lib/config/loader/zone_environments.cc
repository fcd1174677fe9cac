#include <exception>
#include <optional>
#include <set>

#include "lib/config/loader/text.h"
#include "lib/config/loader/zone_parts.h"
#include "yaml-cpp/yaml.h"

namespace aisix::config {
namespace {

// Aliases are expanded, so a small text can describe a huge tree.
constexpr int kMaxNodes = 5'000'000;
constexpr int kMaxDepth = 64;

// Collects the variables that a resources file asks for (spec 02 §7.4, §7.5). Whether each use is allowed is
// decided by the file source.
class VariableScan {
 public:
  explicit VariableScan(const Environment& environment) : environment_(environment) {}

  void Scan(const YAML::Node& document) {
    Strings(document, 0);
    if (!document.IsMap()) return;
    for (const auto& collection : document) {
      if (!collection.first.IsScalar() || collection.first.Scalar() != "api_keys") continue;
      for (const YAML::Node& entry : collection.second) ApiKey(entry);
    }
  }

  std::set<std::string> Take() { return std::move(names_); }

 private:
  void Strings(const YAML::Node& node, int depth) {
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) return;
    if (node.IsScalar()) {
      Interpolate(node.Scalar());
    } else if (node.IsSequence()) {
      for (const YAML::Node& element : node) Strings(element, depth + 1);
    } else if (node.IsMap()) {
      for (const auto& entry : node) Strings(entry.second, depth + 1);
    }
  }

  void ApiKey(const YAML::Node& entry) {
    if (!entry.IsMap()) return;
    for (const auto& member : entry) {
      if (!member.first.IsScalar() || member.first.Scalar() != "key_env" || !member.second.IsScalar())
        continue;
      // The name itself may come from a variable.
      names_.insert(Interpolate(member.second.Scalar()));
    }
  }

  // Notes the names of the references and returns the text with their values.
  std::string Interpolate(std::string_view text) {
    std::string result;
    while (!text.empty()) {
      if (ConsumePrefix(text, "$$")) {
        result += '$';
      } else if (size_t end = text.find('}'); text.starts_with("${") && end != std::string_view::npos) {
        std::string name(text.substr(2, end - 2));
        auto found = environment_.find(name);
        if (found != environment_.end()) result += found->second;
        names_.insert(std::move(name));
        text.remove_prefix(end + 1);
      } else {
        result += text.front();
        text.remove_prefix(1);
      }
    }
    return result;
  }

  const Environment& environment_;
  std::set<std::string> names_;
  int nodes_ = 0;
};

std::set<std::string> ResourceVariables(std::string_view resources, const Environment& environment) {
  VariableScan scan(environment);
  try {
    for (const YAML::Node& document : YAML::LoadAll(std::string(resources))) scan.Scan(document);
  } catch (const std::exception&) {
    // The file source refuses this text with the parser's message; it needs no variable for that.
    return {};
  }
  return scan.Take();
}

}  // namespace

std::map<std::string, Environment> ZoneEnvironments(const Settings& settings, const Environment& environment,
                                                    std::string_view resources) {
  std::map<std::string, Environment> zones;
  auto pass = [&](std::string_view zone, const std::string& name) {
    auto found = environment.find(name);
    if (found != environment.end()) zones[std::string(zone)].insert(*found);
  };
  for (const char* zone : {"supervisor", "proxy", "admin", "metrics", "egress"}) {
    zones.try_emplace(zone);
    for (const char* name : {"RUST_LOG", "SSL_CERT_FILE", "SSL_CERT_DIR"}) pass(zone, name);
  }
  if (settings.file_mode()) {
    for (const std::string& name : ResourceVariables(resources, environment)) pass("admin", name);
  } else if (settings.etcd && settings.etcd->password_env) {
    pass("admin", *settings.etcd->password_env);
  }
  return zones;
}

}  // namespace aisix::config
