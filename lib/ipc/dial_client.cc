#include "lib/ipc/dial_client.h"

#include <algorithm>
#include <vector>

#include "lib/url/url.h"

namespace aisix::ipc {

DialClient::DialClient(async::Loop& loop, os::UniqueFd link) : loop_(loop) {
  if (link.valid()) Replace(std::move(link));
}

DialClient::~DialClient() {
  Drop();
}

DialClient::Waiter::~Waiter() {
  if (client.waiters_.erase(id) == 0 || answered) return;
  // Whoever waited has gone: the connection is not wanted any more.
  DialRequest cancel;
  cancel.id = id;
  cancel.cancel = true;
  client.SendOrQueue(std::move(cancel));
}

void DialClient::Drop() {
  watcher_.reset();
  link_.reset();
  unsent_.clear();
}

void DialClient::Replace(os::UniqueFd link) {
  Drop();
  link_ = std::move(link);
  if (!link_.valid()) return;
  watcher_ = std::make_unique<async::FdWatcher>(loop_, link_.get(), &DialClient::OnReady, this);
  watcher_->Watch(UV_READABLE);
  // Sending may find the new link broken as well: Drop() then ends the work of the following turns.
  for (auto& [id, waiter] : waiters_) {
    if (!waiter->answered) Send(*waiter);
  }
}

void DialClient::Send(const Waiter& waiter) {
  DialRequest request;
  request.id = waiter.id;
  request.destination = waiter.destination;
  if (waiter.deadline_ms != 0) {
    uint64_t now = loop_.NowMs();
    uint64_t left = waiter.deadline_ms > now ? waiter.deadline_ms - now : 1;
    request.timeout_ms = static_cast<uint32_t>(std::min<uint64_t>(left, UINT32_MAX));
  }
  SendOrQueue(std::move(request));
}

void DialClient::SendOrQueue(DialRequest request) {
  if (watcher_ == nullptr) return;
  if (unsent_.empty()) {
    absl::Status sent = SendDialRequest(link_.get(), request);
    if (sent.ok()) return;
    if (!absl::IsResourceExhausted(sent)) {
      Drop();
      return;
    }
    watcher_->Watch(UV_READABLE | UV_WRITABLE);
  }
  unsent_.push_back(std::move(request));
}

void DialClient::Flush() {
  while (!unsent_.empty()) {
    absl::Status sent = SendDialRequest(link_.get(), unsent_.front());
    if (absl::IsResourceExhausted(sent)) return;
    if (!sent.ok()) {
      Drop();
      return;
    }
    unsent_.pop_front();
  }
  watcher_->Watch(UV_READABLE);
}

void DialClient::OnReady(void* argument, int events) {
  auto* self = static_cast<DialClient*>(argument);
  if ((events & UV_WRITABLE) != 0 && !self->unsent_.empty()) self->Flush();
  if ((events & UV_READABLE) != 0) self->Receive();
}

void DialClient::Receive() {
  // Resuming a waiter may replace or drop the link.
  for (const async::FdWatcher* watcher = watcher_.get(); watcher != nullptr && watcher == watcher_.get();) {
    absl::StatusOr<std::optional<DialReply>> reply = ReceiveDialReply(link_.get());
    if (!reply.ok()) {
      Drop();
      return;
    }
    if (!reply->has_value()) return;
    auto found = waiters_.find((*reply)->id);
    // A connection that came after its waiter had gone is closed here.
    if (found != waiters_.end() && !found->second->answered) Finish(*found->second, **std::move(reply));
  }
}

void DialClient::Finish(Waiter& waiter, DialReply reply) {
  waiter.answered = true;
  waiter.timer.Stop();
  waiter.reply = std::move(reply);
  waiter.event.Set();
}

void DialClient::OnTimeout(void* argument) {
  auto* waiter = static_cast<Waiter*>(argument);
  DialClient& client = waiter->client;
  if (client.watcher_ != nullptr) {
    DialRequest cancel;
    cancel.id = waiter->id;
    cancel.cancel = true;
    client.SendOrQueue(std::move(cancel));
  }
  DialReply reply;
  reply.id = waiter->id;
  reply.outcome = DialOutcome::kTimedOut;
  reply.reason = "connection timed out";
  client.Finish(*waiter, std::move(reply));
}

async::Task<absl::StatusOr<os::UniqueFd>> DialClient::Dial(std::string host, uint16_t port,
                                                           uint64_t timeout_ms) {
  const url::HostPort endpoint{std::move(host), port};
  Waiter waiter(*this, ++last_id_);
  waiter.destination = url::Canonical(endpoint);
  if (waiter.destination.size() > kMaxDialText) {
    waiter.answered = true;
    co_return absl::InvalidArgumentError("host name too long");
  }
  if (timeout_ms != 0) {
    waiter.deadline_ms = loop_.NowMs() + timeout_ms;
    waiter.timer.Start(loop_, timeout_ms, &DialClient::OnTimeout, &waiter);
  }
  waiters_.emplace(waiter.id, &waiter);
  Send(waiter);
  co_await waiter.event.Wait();
  if (waiter.reply.outcome == DialOutcome::kConnected) co_return std::move(waiter.reply.fd);
  if (waiter.reply.outcome == DialOutcome::kTimedOut && watcher_ == nullptr) {
    co_return absl::InternalError("the egress worker is not available");
  }
  co_return RefusalStatus(waiter.reply.outcome, waiter.reply.reason);
}

}  // namespace aisix::ipc
