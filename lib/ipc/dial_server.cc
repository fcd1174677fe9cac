#include "lib/ipc/dial_server.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace aisix::ipc {
namespace {

// How long to wait when the link is full. A timer, because nothing announces that the kernel has fewer
// descriptors under way than it allows.
constexpr uint64_t kRetryMs = 5;

}  // namespace

struct DialServer::Link {
  DialServer& server;
  uint64_t number;  // DialTicket::link
  os::UniqueFd fd;
  std::unique_ptr<async::FdWatcher> watcher;
  absl::flat_hash_set<uint64_t> open;  // dials without an answer
  std::deque<DialReply> unsent;
  async::Timer retry;

  Link(DialServer& server, uint64_t number, os::UniqueFd socket)
      : server(server), number(number), fd(std::move(socket)) {}
};

DialServer::DialServer(async::Loop& loop, DialHandler& handler, size_t max_outstanding)
    : loop_(loop), handler_(handler), max_outstanding_(max_outstanding) {}

DialServer::~DialServer() {
  while (!links_.empty()) Drop(links_.begin()->first);
}

void DialServer::AddLink(os::UniqueFd fd) {
  if (!fd.valid()) return;
  auto link = std::make_unique<Link>(*this, ++last_link_, std::move(fd));
  link->watcher = std::make_unique<async::FdWatcher>(loop_, link->fd.get(), &DialServer::OnReady, link.get());
  link->watcher->Watch(UV_READABLE);
  links_.emplace(link->number, std::move(link));
}

void DialServer::Drop(uint64_t number) {
  auto found = links_.find(number);
  if (found == links_.end()) return;
  std::unique_ptr<Link> link = std::move(found->second);
  links_.erase(found);
  for (uint64_t id : link->open) handler_.OnCancel({link->number, id});
}

void DialServer::OnReady(void* argument, int events) {
  auto* link = static_cast<Link*>(argument);
  if ((events & UV_READABLE) != 0) link->server.Receive(*link);
}

void DialServer::Receive(Link& link) {
  const uint64_t number = link.number;
  // Bounded, so that one busy link does not keep the others waiting.
  for (int turn = 0; turn < 64; ++turn) {
    absl::StatusOr<std::optional<DialRequest>> request = ReceiveDialRequest(link.fd.get());
    if (!request.ok()) {
      Drop(link.number);
      return;
    }
    if (!request->has_value()) return;
    uint64_t id = (*request)->id;
    DialTicket ticket{number, id};
    if ((*request)->cancel) {
      if (link.open.erase(id) > 0) handler_.OnCancel(ticket);
      continue;
    }
    bool full = link.open.size() + link.unsent.size() >= max_outstanding_;
    if (!link.open.insert(id).second) {  // a peer that numbers its dials twice is broken
      Drop(link.number);
      return;
    }
    if (full) {
      DialReply reply;
      reply.outcome = DialOutcome::kOverloaded;
      reply.reason = "too many connections are being opened";
      Reply(ticket, std::move(reply));
    } else {
      handler_.OnDial(ticket, **request);
    }
    // Answering may have found the link broken.
    if (!links_.contains(number)) return;
  }
}

void DialServer::Reply(const DialTicket& ticket, DialReply reply) {
  auto found = links_.find(ticket.link);
  if (found == links_.end()) return;
  Link& link = *found->second;
  if (link.open.erase(ticket.id) == 0) return;
  reply.id = ticket.id;
  link.unsent.push_back(std::move(reply));
  if (link.unsent.size() == 1) Flush(link);
}

void DialServer::Flush(Link& link) {
  while (!link.unsent.empty()) {
    absl::Status sent = SendDialReply(link.fd.get(), link.unsent.front());
    if (absl::IsResourceExhausted(sent)) {
      link.retry.Start(
          loop_, kRetryMs,
          [](void* argument) {
            auto* waiting = static_cast<Link*>(argument);
            waiting->server.Flush(*waiting);
          },
          &link);
      return;
    }
    if (!sent.ok()) {
      Drop(link.number);
      return;
    }
    link.unsent.pop_front();
  }
  link.retry.Stop();
}

size_t DialServer::outstanding() const {
  size_t count = 0;
  for (const auto& [number, link] : links_) count += link->open.size();
  return count;
}

}  // namespace aisix::ipc
