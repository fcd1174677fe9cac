// Connections from the egress zone, for one event loop.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "lib/async/event.h"
#include "lib/async/fd_watcher.h"
#include "lib/ipc/dial_protocol.h"
#include "lib/net/dialer.h"

namespace aisix::ipc {

// Asks the egress zone over a dial link. When the link breaks, because the egress worker died, dials stay
// outstanding and are sent again over the link that replaces it: a dial waits for a restarting egress up to
// its own timeout. Everything on the loop's thread; destroy it when no dial is under way.
class DialClient : public net::Dialer {
 public:
  // `link`: non-blocking SOCK_SEQPACKET, may be invalid (then dials wait for Replace).
  DialClient(async::Loop& loop, os::UniqueFd link);
  ~DialClient() override;

  void Replace(os::UniqueFd link);

  // As net::Dialer; INTERNAL when the timeout passed without a link to egress.
  async::Task<absl::StatusOr<os::UniqueFd>> Dial(std::string host, uint16_t port,
                                                 uint64_t timeout_ms) override;

  size_t outstanding() const { return waiters_.size(); }

 private:
  // In the frame of the coroutine that waits.
  struct Waiter {
    Waiter(DialClient& client, uint64_t id) : client(client), id(id) {}
    ~Waiter();

    DialClient& client;
    uint64_t id;
    std::string destination;
    uint64_t deadline_ms = 0;  // loop time, 0: none
    bool answered = false;
    DialReply reply;
    async::Event event;
    async::Timer timer;
  };

  void Send(const Waiter& waiter);
  void SendOrQueue(DialRequest request);
  void Flush();
  void Receive();
  void Drop();
  void Finish(Waiter& waiter, DialReply reply);
  static void OnReady(void* self, int events);
  static void OnTimeout(void* waiter);

  async::Loop& loop_;
  os::UniqueFd link_;
  std::unique_ptr<async::FdWatcher> watcher_;  // null: no link
  uint64_t last_id_ = 0;
  absl::flat_hash_map<uint64_t, Waiter*> waiters_;
  std::deque<DialRequest> unsent_;  // the link was full
};

}  // namespace aisix::ipc
