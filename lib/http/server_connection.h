// One accepted connection: a coroutine that serves its requests one after the other.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/async/event.h"
#include "lib/async/maybe.h"
#include "lib/async/task.h"
#include "lib/http/server.h"
#include "lib/http/wire/inbound.h"
#include "lib/net/transport.h"

namespace aisix::http {

// Owned by its server, on a list. All waiting, the handler's included, is on one event: whoever is woken
// looks again at the condition that it waits for.
class ServerConnection final : public net::StreamReceiver {
 public:
  ServerConnection(Server& server, net::TransportPtr transport, const net::Address& peer, bool secure);
  ~ServerConnection() override;

  void Start();
  // Ends the connection now unless a request runs; then after its response.
  void StopWhenIdle();

  std::span<char> ReadSpace() override { return in_.ReadSpace(); }
  void OnRead(size_t size) override;
  void OnEnd(absl::Status status) override;
  void OnWritten(absl::Status status) override;

  // What ServerExchange offers; see there.
  const RequestHead& request() const { return in_.parser().request(); }
  const net::Address& peer() const { return peer_; }
  bool secure() const { return secure_; }
  async::Loop& loop() const { return server_.loop(); }
  async::Maybe<absl::StatusOr<std::span<char>>> ReadBody(uint64_t limit);
  async::Maybe<absl::StatusOr<std::string_view>> ReadSome();
  void ReleaseBody() { in_.ReleaseBody(); }
  void WipeCredentials() { in_.WipeCredentials(); }
  void ReleaseRequest();
  async::Maybe<DrainResult> Drain(uint64_t max_bytes, uint64_t max_ms);
  async::Maybe<absl::Status> Respond(int status, std::span<const Header> headers,
                                     std::span<const std::string_view> body);
  void StartStream(int status, std::span<const Header> headers, std::optional<uint64_t> content_length);
  async::Maybe<absl::Status> WritePieces(std::span<const std::string_view> pieces, bool last);
  void Abort();
  bool response_started() const { return response_started_; }
  uint64_t body_bytes_sent() const { return sent_; }
  void CloseAfterResponse() { close_after_ = true; }
  void OnAbort(void (*hook)(void* argument), void* argument);
  bool caller_gone() const { return ended_; }

 private:
  friend class Server;
  enum class Framing : uint8_t { kNone, kLength, kChunked, kUntilClose };

  async::Task<void> Serve();
  void BeginExchange();
  async::Task<bool> EndExchange();
  async::Task<void> RefuseRequest();
  async::Task<void> Linger();
  async::Task<absl::StatusOr<std::span<char>>> CollectBody(uint64_t limit);
  async::Task<absl::StatusOr<std::string_view>> AwaitSome();
  async::Task<DrainResult> DrainSlowly(uint64_t max_bytes, uint64_t max_ms);
  async::Task<absl::Status> AwaitWritten();
  async::Task<absl::Status> SendLater(std::vector<iovec> pieces);

  bool MayKeepAlive() const;
  void RenderHead(int status, std::span<const Header> headers, std::optional<uint64_t> content_length,
                  size_t room);
  async::Maybe<absl::Status> Send(const iovec* pieces, int count);
  net::WriteResult TryWrite(const iovec* pieces, int count);
  void SendContinue();
  void FlushHead();
  void Gone();  // from an event: tells whoever waits
  void Wake() {
    if (wake_.has_waiter()) wake_.Set();
  }
  void StartTimer(uint64_t delay_ms);

  Server& server_;
  net::TransportPtr transport_;  // null once ended_
  const net::Address peer_;
  const bool secure_;
  Inbound in_;
  ServerExchange exchange_;
  async::Task<void> serve_;
  async::Event wake_;
  async::Timer timer_;
  async::Deferred flush_;
  async::Deferred removal_;
  void (*hook_)(void* argument) = nullptr;
  void* hook_argument_ = nullptr;
  ServerConnection* next_ = nullptr;  // the server's list
  ServerConnection* previous_ = nullptr;

  bool ended_ = false;
  bool stopping_ = false;
  bool timed_out_ = false;
  bool writing_ = false;
  bool writing_continue_ = false;
  bool in_exchange_ = false;

  // Of the current exchange.
  bool continue_wanted_ = false;
  bool response_started_ = false;
  bool response_finished_ = false;
  bool close_after_ = false;
  bool keep_alive_ = false;
  bool caller_keeps_ = false;  // what the request asked for
  bool body_wanted_ = false;   // the handler reads the body
  bool head_unsent_ = false;
  bool is_head_request_ = false;
  int request_minor_version_ = 1;
  Framing framing_ = Framing::kNone;
  uint64_t declared_ = 0;
  uint64_t sent_ = 0;
  async::Buffer out_;  // the response's head
  size_t out_size_ = 0;
  char chunk_line_[20];
};

}  // namespace aisix::http
