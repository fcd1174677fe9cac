// The egress zone's end of the dial links.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "lib/async/fd_watcher.h"
#include "lib/async/loop.h"
#include "lib/ipc/dial_protocol.h"

namespace aisix::ipc {

// One dial of one link, for as long as the link lives.
struct DialTicket {
  uint64_t link = 0;  // never reused
  uint64_t id = 0;

  bool operator==(const DialTicket&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const DialTicket& ticket) {
    return H::combine(std::move(state), ticket.link, ticket.id);
  }
};

class DialHandler {
 public:
  virtual ~DialHandler() = default;
  // Answer it with DialServer::Reply, at once or later.
  virtual void OnDial(const DialTicket& ticket, const DialRequest& request) = 0;
  // The answer is not wanted any more. Also for each open dial of a link that is gone.
  virtual void OnCancel(const DialTicket& ticket) = 0;
};

// Speaks the protocol of dial links and opens nothing itself. A link is served until its other end is closed:
// while a zone is being replaced, its old worker and its new one have a link each. Everything on the loop's
// thread.
class DialServer {
 public:
  // `max_outstanding`: dials of one link at once; more are refused as overload.
  DialServer(async::Loop& loop, DialHandler& handler, size_t max_outstanding = 4096);
  ~DialServer();
  DialServer(const DialServer&) = delete;
  DialServer& operator=(const DialServer&) = delete;

  // Serves a link beside those that there are.
  void AddLink(os::UniqueFd link);
  // Closes this process's copy of the descriptor. Nothing happens when the link has gone meanwhile.
  void Reply(const DialTicket& ticket, DialReply reply);

  size_t outstanding() const;
  size_t links() const { return links_.size(); }

 private:
  struct Link;

  void Receive(Link& link);
  void Flush(Link& link);
  void Drop(uint64_t number);
  static void OnReady(void* link, int events);

  async::Loop& loop_;
  DialHandler& handler_;
  size_t max_outstanding_;
  uint64_t last_link_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Link>> links_;  // by number
};

}  // namespace aisix::ipc
