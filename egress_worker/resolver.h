// Names to addresses, by c-ares on the loop: no resolver threads and no NSS modules inside the sandbox.
#pragma once

#include <ares.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lib/async/fd_watcher.h"
#include "lib/async/loop.h"
#include "lib/net/address.h"

namespace aisix::egress {

struct ResolverOptions {
  // DNS servers as "ip:port", comma separated; empty: those of /etc/resolv.conf.
  std::string servers;
};

// Loop thread only. Look-ups of one name that run at the same time share one query.
class Resolver {
 public:
  // Addresses without a port, in the order of preference (RFC 6724). NOT_FOUND: the name has none.
  // UNAVAILABLE: no name server answered. CANCELLED: the resolver is destroyed.
  using Result = absl::StatusOr<std::vector<net::Address>>;
  using Callback = absl::AnyInvocable<void(const Result&)>;

  // Reads the resolver files of /etc.
  static absl::StatusOr<std::unique_ptr<Resolver>> Make(async::Loop& loop, ResolverOptions options);
  ~Resolver();  // calls no callback
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // May call back before it returns. Addresses and `localhost` need no query.
  void Resolve(const std::string& host, Callback callback);

  // Reads the resolver files again, as soon as no query is under way.
  void Reload() { stale_ = true; }

 private:
  struct Query;
  struct Socket;

  Resolver(async::Loop& loop, ResolverOptions options);
  absl::Status Open();
  void ArmTimer();
  void Answer(Query* query, const Result& result);
  static void OnAnswer(void* query, int status, int timeouts, ares_addrinfo* info);
  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);

  async::Loop& loop_;
  ResolverOptions options_;
  ares_channel channel_ = nullptr;
  bool stale_ = false;
  async::Timer timer_;
  absl::flat_hash_map<std::string, std::unique_ptr<Query>> queries_;  // by host
  absl::flat_hash_map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
};

}  // namespace aisix::egress
