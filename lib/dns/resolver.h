// Names to addresses, by c-ares: no resolver threads, no NSS modules, and no file is opened, so that it works
// inside the sandbox. Resolver serves a loop; a thread without one calls ResolveBlocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lib/async/loop.h"
#include "lib/dns/cache.h"
#include "lib/dns/settings.h"
#include "lib/net/address.h"

namespace aisix::dns {

enum class Source : uint8_t {
  kAddress,  // the name is an address
  kFile,     // hosts file, or `localhost` (RFC 6761 §6.3: never asked of a server)
  kCache,
  kStale,  // expired, and no name server answers (RFC 8767)
  kServer,
};

struct Answer {
  std::vector<net::Address> addresses;  // without a port, at least one, in the order of preference (RFC 6724)
  Source source = Source::kServer;
};

// NOT_FOUND: the name has no address. UNAVAILABLE: no name server answered. The messages are for people.
using Result = absl::StatusOr<Answer>;

struct ResolverOptions {
  CacheOptions cache;
  // How long name servers may take before an expired answer is given instead.
  uint64_t stale_after_ms = 800;
  // ResolveAgain asks no server for what is younger: many dials that fail do not become many queries.
  uint64_t again_after_ms = 1'000;
};

// Loop thread only. Look-ups of one name that run at the same time share one query.
class Resolver {
 public:
  using Callback = absl::AnyInvocable<void(const Result&)>;

  Resolver(async::Loop& loop, Settings settings, ResolverOptions options = {});
  ~Resolver();  // calls no callback
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `host`: lower case. May call back before it returns.
  void Resolve(const std::string& host, Callback callback);
  // The same, but what the cache holds is not good enough: none of its addresses could be reached.
  void ResolveAgain(const std::string& host, Callback callback);

  // The files have changed: the cache is emptied, and queries under way are asked again of the new servers.
  void SetSettings(Settings settings);

  size_t cached_names() const { return cache_.size(); }

 private:
  struct Query;
  class Service;  // a channel on the loop

  void Ask(const std::string& host, Callback callback, bool again);
  void Start(Query& query);
  void OnLookup(Query& query, const absl::StatusOr<Cache::Entry>& result);
  static void OnStaleTimer(void* query);
  Cache::Found Revive(const Query& query);

  async::Loop& loop_;
  Settings settings_;
  const ResolverOptions options_;
  Cache cache_;
  std::unique_ptr<Service> service_;
  std::vector<std::unique_ptr<Service>> retired_;  // gone before the loop next waits
  async::Deferred sweep_;
  absl::flat_hash_map<std::string, std::unique_ptr<Query>> queries_;  // by host
};

// For a thread that may wait. CANCELLED: `wake` (a descriptor; -1: none) became readable. DEADLINE_EXCEEDED:
// `limit` passed. Nothing is cached. Any thread; several at once.
Result ResolveBlocking(const Settings& settings, const std::string& host, std::chrono::milliseconds limit,
                       int wake = -1);

}  // namespace aisix::dns
