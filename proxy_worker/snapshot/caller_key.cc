#include "proxy_worker/snapshot/caller_key.h"

#include <algorithm>
#include <cstring>

#include "absl/hash/hash.h"
#include "lib/model/name_pattern.h"

namespace aisix::proxy {
namespace {

auto Values(const model::RateLimit& limit) {
  return std::tie(limit.rps, limit.rpm, limit.rph, limit.rpd, limit.tpm, limit.tpd, limit.concurrency);
}

std::string_view View(const std::optional<std::string>& text) {
  return text ? std::string_view(*text) : std::string_view();
}

}  // namespace

CallerKey::CallerKey(uint64_t serial, std::string_view id, const model::ApiKey& document,
                     std::shared_ptr<const CallerGrants> grants, const Fingerprint& fingerprint)
    : serial_(serial),
      fingerprint_(fingerprint),
      grants_(std::move(grants)),
      expires_at_(document.expires_at.value_or(absl::InfiniteFuture())),
      can_match_(document.digest.has_value()),
      disabled_(document.disabled) {
  if (document.digest) digest_ = *document.digest;
  const std::array<std::string_view, kFieldCount> fields{id,
                                                         View(document.display_name),
                                                         View(document.team_id),
                                                         View(document.user_id),
                                                         View(document.user_name),
                                                         View(document.jwt_subject),
                                                         View(document.jwt_provider)};
  size_t size = 0;
  for (std::string_view field : fields) size += field.size();
  text_.reset(new char[size]);
  char* end = text_.get();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].empty()) std::memcpy(end, fields[i].data(), fields[i].size());
    end += fields[i].size();
    ends_[i] = static_cast<uint32_t>(end - text_.get());
  }
}

const std::shared_ptr<const CallerGrants>& CallerKey::NoGrants() {
  static const auto kNone = std::make_shared<const CallerGrants>();
  return kNone;
}

bool CallerKey::allows_model(std::string_view requested) const {
  return model::AnyPatternMatches(grants_->allowed_models, requested);
}

size_t GrantsPool::HashOf::operator()(const std::shared_ptr<const CallerGrants>& grants) const {
  size_t hash = absl::HashOf(grants->allowed_models, grants->allowed_agents, grants->allowed_routes);
  if (grants->rate_limit) hash = absl::HashOf(hash, Values(*grants->rate_limit));
  if (grants->mcp_access) hash = absl::HashOf(hash, grants->mcp_access->allow, grants->mcp_access->deny);
  for (const auto& [server, limit] : grants->mcp_rate_limits)
    hash = absl::HashOf(hash, server, Values(limit));
  return hash;
}

std::shared_ptr<const CallerGrants> GrantsPool::Intern(model::ApiKey& document) {
  if (pool_.size() >= sweep_at_) {
    absl::erase_if(pool_, [](const auto& grants) { return grants.use_count() == 1; });
    sweep_at_ = std::max<size_t>(64, 2 * pool_.size());
  }
  auto grants = std::make_shared<CallerGrants>();
  grants->allowed_models = std::move(document.allowed_models);
  grants->rate_limit = document.rate_limit;
  grants->mcp_access = std::move(document.mcp_access);
  grants->mcp_rate_limits = std::move(document.mcp_rate_limits);
  grants->allowed_agents = std::move(document.allowed_agents);
  grants->allowed_routes = std::move(document.allowed_routes);
  return *pool_.insert(std::move(grants)).first;
}

}  // namespace aisix::proxy
