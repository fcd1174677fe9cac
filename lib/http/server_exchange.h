// One request and its response, as a handler sees them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/async/loop.h"
#include "lib/async/maybe.h"
#include "lib/http/head.h"
#include "lib/net/address.h"

namespace aisix::http {

class ServerConnection;

enum class DrainResult : uint8_t { kCompleted, kCapReached, kTimeout, kClientReadError };

// Valid for one call of Handler::Handle. Each awaited call must finish before the next one is made. Memory
// that is passed in stays borrowed until the returned Maybe was awaited.
class ServerExchange {
 public:
  explicit ServerExchange(ServerConnection& connection) : connection_(connection) {}
  ServerExchange(const ServerExchange&) = delete;
  ServerExchange& operator=(const ServerExchange&) = delete;

  // --- request ---
  const RequestHead& request() const;
  const net::Address& peer() const;
  bool secure() const;
  async::Loop& loop() const;

  // The whole body in one piece, whose next byte is '\0' and which has 64 readable bytes behind it
  // (simdjson). Sends `100 Continue` first when the caller waits for it. `limit` in bytes, 0: none.
  //   RESOURCE_EXHAUSTED  the body is larger than `limit`; a declared length is refused before reading
  //   INVALID_ARGUMENT    broken chunked framing
  //   UNAVAILABLE         the caller is gone
  // The view lives until ReleaseBody() or the end of the exchange. Once only. The bytes may be changed in
  // place.
  async::Maybe<absl::StatusOr<std::span<char>>> ReadBody(uint64_t limit);
  // The next piece of the body as it arrives; empty at its end. Valid until the next call. Instead of
  // ReadBody.
  async::Maybe<absl::StatusOr<std::string_view>> ReadSome();
  // Overwrites the values of the header lines that hold credentials (`authorization`, `x-api-key`, `cookie`
  // …) where they were received, for a handler that has seen enough of them. At the end of the exchange it
  // happens anyhow.
  void WipeCredentials();
  // Gives back the body's memory. Views of the head stay.
  void ReleaseBody();
  // Gives back the memory of head and body, when the handler holds no view of request() any more: an open
  // stream then costs no receive buffer.
  void ReleaseRequest();
  // Discards what remains of the body (spec 01 §10: before a 413).
  async::Maybe<DrainResult> Drain(uint64_t max_bytes, uint64_t max_ms);

  // --- response: Respond or RespondV, or StartStream and Finish; once ---
  // `content-length`, `transfer-encoding`, `connection`, `date` and `server` are added; do not pass them. A
  // header whose name or value has a control character is left out. The error is UNAVAILABLE: caller gone.
  async::Maybe<absl::Status> Respond(int status, std::span<const Header> headers, std::string_view body);
  // The same for a body in pieces, at most 64.
  async::Maybe<absl::Status> RespondV(int status, std::span<const Header> headers,
                                      std::span<const std::string_view> pieces);
  // The head leaves with the first Write, or when the loop next waits, whichever is earlier. Framing is
  // chunked (until close for HTTP/1.0) unless the length is known; then exactly so many bytes must be
  // written.
  void StartStream(int status, std::span<const Header> headers,
                   std::optional<uint64_t> content_length = std::nullopt);
  // One chunk, one system call. Waits while the caller is slow. An empty one writes nothing.
  async::Maybe<absl::Status> Write(std::string_view piece);
  // All pieces (at most 64) as one chunk.
  async::Maybe<absl::Status> WriteV(std::span<const std::string_view> pieces);
  // The proper end, together with a last piece.
  async::Maybe<absl::Status> Finish(std::string_view last_piece = {});
  // Cuts the connection so that the caller sees a truncated response.
  void Abort();

  bool response_started() const;
  // Bytes of response body that were accepted so far (without framing).
  uint64_t body_bytes_sent() const;
  // The response says `connection: close`.
  void CloseAfterResponse();

  // --- the caller goes away ---
  // Runs `hook`, anything that can be called, once, on the loop, as soon as the caller disconnected while the
  // handler waits for something else: use it to cancel what the handler waits for. An end of file counts as a
  // disconnect, also from a caller that only shut down its sending side: a request whose caller vanished must
  // not cost provider tokens, and the two cannot be told apart. Runs at once when the caller is gone already.
  // Replaces an earlier hook. Borrowed until the handler returns or calls OnAbort(nullptr).
  template <typename Callable>
  void OnAbort(Callable& hook) {
    SetAbortHook([](void* callable) { (*static_cast<Callable*>(callable))(); }, &hook);
  }
  void OnAbort(std::nullptr_t) { SetAbortHook(nullptr, nullptr); }
  bool caller_gone() const;

 private:
  void SetAbortHook(void (*hook)(void* argument), void* argument);

  ServerConnection& connection_;
};

}  // namespace aisix::http
