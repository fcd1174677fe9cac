// One TCP connection to the first of several addresses that answers (RFC 8305).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lib/async/fd_watcher.h"
#include "lib/async/loop.h"
#include "lib/net/address.h"
#include "lib/net/listener.h"
#include "lib/os/unique_fd.h"

namespace aisix::egress {

struct ConnectOptions {
  net::KeepAlive keep_alive;
  uint64_t stagger_ms = 250;  // how long one attempt is alone before the next address is tried beside it
};

// IPv6 and IPv4 alternate, beginning with the family of the first address; the order within a family stays.
std::vector<net::Address> Interleave(const std::vector<net::Address>& addresses);

// Loop thread only. Destroying it gives up and calls nobody.
class Connector {
 public:
  // A connected socket with TCP_NODELAY and keepalive set, or UNAVAILABLE with the reason of the last failed
  // attempt ("connection refused"). Called once, possibly inside Start(); may destroy the connector.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<os::UniqueFd>)>;

  // `addresses`: with their port, not empty, in the order in which they are tried.
  Connector(async::Loop& loop, std::vector<net::Address> addresses, ConnectOptions options,
            Callback callback);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  void Start();

 private:
  struct Attempt;

  void TryNext();
  // Begins one attempt; an error number when it fails at once.
  int Begin(const net::Address& address);
  void Settle(Attempt* attempt, int error);
  void Finish(absl::StatusOr<os::UniqueFd> result);
  static void OnWritable(void* attempt, int events);
  static void OnStagger(void* self);

  async::Loop& loop_;
  std::vector<net::Address> addresses_;
  ConnectOptions options_;
  Callback callback_;
  size_t next_ = 0;
  int last_error_ = 0;
  async::Timer stagger_;
  std::vector<std::unique_ptr<Attempt>> attempts_;  // under way
};

}  // namespace aisix::egress
