// Writing responses. Every response of the proxy listener goes through here: it gets x-aisix-request-id
// (Server, Date, Connection and the framing are the HTTP server's), and its moment is recorded (spec 05 §7,
// 11 §3.1).
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "lib/async/maybe.h"
#include "lib/async/task.h"
#include "lib/http/head.h"
#include "proxy_worker/pipeline/error.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// At most this many fields in `headers` of the functions below.
inline constexpr size_t kMaxResponseHeaders = 14;

// A whole response. `body` is borrowed until the result was awaited, `headers` for the call. Settles the
// record first: what the handler knows about the request (tokens, attempt …) must be in `context` before. A
// success that the caller did not wait for is not written; the router then records 499. That the caller has
// gone is no error here: nobody is left to tell.
async::Maybe<void> Respond(LoopContext& loop, RequestContext& context, int status,
                           std::span<const http::Header> headers, std::string_view body);

// The same for a body in pieces (at most 64).
async::Maybe<void> RespondPieces(LoopContext& loop, RequestContext& context, int status,
                                 std::span<const http::Header> headers,
                                 std::span<const std::string_view> pieces);

// The error in the envelope of the endpoint, with `Retry-After` where it has one. Sets error_kind and
// error_detail, and where the attempt says nothing else its error_class, error_message and status.
async::Task<void> RespondError(LoopContext& loop, RequestContext& context, const Error& error);

// The head of a stream: 200, `text/event-stream`, `no-cache` and `headers`; leaves with the first Write.
// Writes the access line and the request metrics. The handler then writes events with exchange.Write, ends
// with exchange.Finish or Abort and returns; the router records the rest. False: the caller has gone, nothing
// was begun, return.
bool StartEventStream(LoopContext& loop, RequestContext& context, std::span<const http::Header> headers);

// The body of a JSON endpoint, or why there is none.
class JsonBody {
 public:
  explicit JsonBody(std::span<char> bytes) : bytes_(bytes) {}
  explicit JsonBody(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  bool ok() const { return error_ == nullptr; }
  // In the receive buffer; the next byte is NUL and 64 bytes behind the end are readable. Valid until
  // exchange.ReleaseBody().
  std::string_view text() const { return {bytes_.data(), bytes_.size()}; }
  std::span<char> bytes() const { return bytes_; }
  const Error& error() const { return *error_; }

 private:
  std::span<char> bytes_;
  std::unique_ptr<Error> error_;
};

// Checks Content-Type and reads the whole body up to the configured limit (spec 05 §4). Does not look into
// it.
async::Maybe<JsonBody> ReadJsonBody(LoopContext& loop, RequestContext& context);

// Closes the record of an attempt that failed when another one follows: counts it, emits its usage event with
// zero tokens (spec 11 §11.3), and makes context.attempt ready for the next one (index + 1, kRetry;
// everything else empty). Before it: context.target and context.attempt are complete. The last attempt of a
// request is recorded when the request is settled.
void RecordFailedAttempt(LoopContext& loop, RequestContext& context);

}  // namespace aisix::proxy
