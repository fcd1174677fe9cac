// Which kind of client a User-Agent names (spec 11 §7.6).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"

namespace re2 {
class RE2;
}

namespace aisix::proxy {

// The operator's rules, compiled. Immutable; shared by all loops.
class ClientTypeRules {
 public:
  // A pattern that does not compile: INVALID_ARGUMENT (start-up validation has refused it before).
  static absl::StatusOr<ClientTypeRules> Compile(const std::vector<config::ClientTypeRule>& rules);
  ClientTypeRules();
  ClientTypeRules(ClientTypeRules&&) noexcept;
  ClientTypeRules& operator=(ClientTypeRules&&) noexcept;
  ~ClientTypeRules();

  // `user_agent` as received; empty: "unknown". The text lives as long as the rules.
  std::string_view Classify(std::string_view user_agent) const;

 private:
  struct Rule {
    std::unique_ptr<re2::RE2> pattern;
    std::string client;
  };
  std::vector<Rule> rules_;
};

// Remembers answers, because clients repeat their User-Agent with every request. Belongs to one loop.
class ClientTypeCache {
 public:
  explicit ClientTypeCache(const ClientTypeRules& rules) : rules_(rules) {}
  ClientTypeCache(const ClientTypeCache&) = delete;
  ClientTypeCache& operator=(const ClientTypeCache&) = delete;

  // Allocates only for a text that was not seen lately.
  std::string_view Classify(std::string_view user_agent);

 private:
  const ClientTypeRules& rules_;
  absl::flat_hash_map<std::string, std::string_view> seen_;
  std::string last_agent_;  // the one that was found last; empty: none was
  std::string_view last_client_;
};

}  // namespace aisix::proxy
