// A caller's key as the data plane keeps it: there may be 100,000 of them, so it is small.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "lib/crypto/sha256.h"
#include "lib/model/api_key.h"

namespace aisix::proxy {

// What a key may do. Equal ones are one object, because keys are made from few templates.
struct CallerGrants {
  std::vector<std::string> allowed_models;  // globs; empty: none
  std::optional<model::RateLimit> rate_limit;
  std::optional<model::McpAccess> mcp_access;
  std::vector<std::pair<std::string, model::RateLimit>> mcp_rate_limits;  // by server name
  std::vector<std::string> allowed_agents, allowed_routes;                // globs; empty: none

  friend bool operator==(const CallerGrants&, const CallerGrants&) = default;
};

// Immutable; read by many loops at once.
class CallerKey {
 public:
  using Fingerprint = std::array<uint8_t, 16>;

  CallerKey() = default;  // of nobody, with no grants
  // `serial`: unique for the life of the process: a changed document has another one. `fingerprint`: of the
  // document's text.
  CallerKey(uint64_t serial, std::string_view id, const model::ApiKey& document,
            std::shared_ptr<const CallerGrants> grants, const Fingerprint& fingerprint);

  uint64_t serial() const { return serial_; }
  std::string_view id() const { return Text(kId); }
  // Only of a key that can match.
  const crypto::Sha256& digest() const { return digest_; }
  bool can_match() const { return can_match_; }
  const Fingerprint& fingerprint() const { return fingerprint_; }

  // Empty: absent.
  std::string_view display_name() const { return Text(kDisplayName); }
  std::string_view team_id() const { return Text(kTeamId); }
  std::string_view user_id() const { return Text(kUserId); }
  std::string_view user_name() const { return Text(kUserName); }
  std::string_view jwt_subject() const { return Text(kJwtSubject); }
  std::string_view jwt_provider() const { return Text(kJwtProvider); }

  bool disabled() const { return disabled_; }
  bool can_expire() const { return expires_at_ != absl::InfiniteFuture(); }
  bool expired(absl::Time now) const { return now > expires_at_; }
  const CallerGrants& grants() const { return *grants_; }
  // Whether the key may use the model named `requested`, as the caller wrote it (spec 05 §3.5).
  bool allows_model(std::string_view requested) const;

 private:
  enum Field : uint8_t {
    kId,
    kDisplayName,
    kTeamId,
    kUserId,
    kUserName,
    kJwtSubject,
    kJwtProvider,
    kFieldCount
  };
  std::string_view Text(Field field) const {
    const uint32_t begin = field == 0 ? 0 : ends_[field - 1];
    return {text_.get() + begin, ends_[field] - begin};
  }
  static const std::shared_ptr<const CallerGrants>& NoGrants();

  uint64_t serial_ = 0;
  crypto::Sha256 digest_;
  Fingerprint fingerprint_{};
  std::shared_ptr<const CallerGrants> grants_ = NoGrants();
  absl::Time expires_at_ = absl::InfiniteFuture();
  std::unique_ptr<char[]> text_;  // all fields, one behind the other
  std::array<uint32_t, kFieldCount> ends_{};
  bool can_match_ = false;
  bool disabled_ = false;
};

// Finds the object that stands for equal grants. One thread.
class GrantsPool {
 public:
  // Takes the members of `document` that are grants.
  std::shared_ptr<const CallerGrants> Intern(model::ApiKey& document);
  size_t size() const { return pool_.size(); }

 private:
  struct HashOf {
    size_t operator()(const std::shared_ptr<const CallerGrants>& grants) const;
  };
  struct Equal {
    bool operator()(const std::shared_ptr<const CallerGrants>& a,
                    const std::shared_ptr<const CallerGrants>& b) const {
      return a == b || *a == *b;
    }
  };
  absl::flat_hash_set<std::shared_ptr<const CallerGrants>, HashOf, Equal> pool_;
  size_t sweep_at_ = 64;  // the size at which those that nobody uses any more are let go
};

}  // namespace aisix::proxy
