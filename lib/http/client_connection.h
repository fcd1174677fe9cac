// One connection to a server: idle in the pool, or lent to one exchange.
#pragma once

#include <cstdint>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "lib/http/client.h"
#include "lib/http/wire/inbound.h"
#include "lib/net/transport.h"

namespace aisix::http {

struct ClientPool::Host {
  Origin origin;  // keeps its security and its proxy alive, so that their addresses stay their names
  ClientConnection* first_idle = nullptr;  // used last
  size_t idle = 0;
  size_t connections = 0;
};

class ClientConnection final : public net::StreamReceiver {
 public:
  ClientConnection(ClientPool& pool, ClientPool::Host& host, net::TransportPtr transport, bool open);
  ~ClientConnection() override;

  std::span<char> ReadSpace() override { return in_.ReadSpace(); }
  void OnOpen() override;
  void OnRead(size_t size) override;
  void OnEnd(absl::Status status) override;
  void OnWritten(absl::Status status) override;

  // Writes a request's head and body; the head stays here while it is pending. Its first `secret_size` bytes
  // hold a credential and are overwritten when they are not needed any more.
  void Write(async::Buffer head, size_t head_size, size_t secret_size,
             std::span<const std::string_view> body);
  void Start() { transport_->SetReceiver(this); }
  void Lend(ClientExchange* exchange) { exchange_ = exchange; }
  // Closes the socket; what was received stays.
  void Shut();
  void CancelWrite();
  // The memory of the request is not borrowed any more.
  void OwnWrite() {
    if (writing_) transport_->OwnPendingWrite();
  }
  void ResumeReading() {
    if (transport_) transport_->ResumeReading();
  }
  bool MayBeKept() const;

  Inbound& in() { return in_; }
  const ResponseHead& head() const { return in_.parser().response(); }
  bool open() const { return open_; }
  bool ended() const { return ended_; }
  bool writing() const { return writing_; }
  // Why it ended; OK: the peer closed it.
  const absl::Status& end_status() const { return end_status_; }

 private:
  friend class ClientPool;
  static constexpr int kMaxInterim = 16;

  void SkipInterim();
  void ReleaseHead();

  ClientPool& pool_;
  ClientPool::Host& host_;
  net::TransportPtr transport_;
  Inbound in_;
  ClientExchange* exchange_ = nullptr;
  async::Timer idle_timer_;
  ClientConnection* next_ = nullptr;  // idle list of the host
  ClientConnection* previous_ = nullptr;
  async::Buffer out_;  // the head of a request while it is being written
  size_t secret_size_ = 0;
  absl::Status end_status_;
  bool open_;
  bool ended_ = false;
  bool writing_ = false;
  bool write_failed_ = false;
  bool idle_ = false;
  bool head_request_ = false;
  int interim_ = 0;

 public:
  void SetHeadRequest(bool head_request) {
    head_request_ = head_request;
    interim_ = 0;
    in_.SetNoBody(head_request);
  }
};

// A connection that is being opened; goes on when its exchange lost interest, and is closed then.
struct ClientDial {
  ClientPool& pool;
  ClientExchange* exchange;
  ClientDial* next = nullptr;
  ClientDial* previous = nullptr;
  async::Task<void> task;
  async::Deferred removal;

  ClientDial(ClientPool& pool, ClientExchange* exchange) : pool(pool), exchange(exchange) {}
  async::Task<void> Run(std::string host, uint16_t port, uint64_t timeout_ms);
};

}  // namespace aisix::http
