// Accepting from a listening socket that was inherited.
#pragma once

#include <uv.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lib/async/loop.h"
#include "lib/net/address.h"
#include "lib/os/unique_fd.h"

namespace aisix::net {

// Accepts on one loop. The socket may be shared with other loops or processes. When descriptors or memory run
// out it pauses for 100 ms instead of spinning.
class Listener {
 public:
  using OnAccept = absl::AnyInvocable<void(os::UniqueFd socket, const Address& peer)>;

  // Takes the socket (it is made non-blocking) and starts accepting. Accepted sockets are non-blocking,
  // close-on-exec and have TCP_NODELAY set.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(async::Loop& loop, os::UniqueFd socket,
                                                         OnAccept on_accept);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  uint64_t failures() const { return failures_; }

 private:
  struct Poll;  // outlives the listener until libuv closed it

  explicit Listener(async::Loop& loop) : loop_(loop) {}
  void Accept();
  void Pause();
  static void OnReadable(uv_poll_t* handle, int status, int events);

  async::Loop& loop_;
  os::UniqueFd socket_;
  OnAccept on_accept_;
  Poll* poll_ = nullptr;
  async::Timer pause_;
  uint64_t failures_ = 0;
};

// Kernel probes of an idle connection (spec 05 §9). idle_s == 0: none.
struct KeepAlive {
  int idle_s = 60;
  int interval_s = 30;
  int retries = 5;
};
void SetKeepAlive(int socket, const KeepAlive& keep_alive);

}  // namespace aisix::net
