// Writing responses. Every response of the proxy listener goes through here: it gets the header fields that
// the gateway always sets (spec 05 §7), and its moment is recorded (spec 11 §3.1, §8.1).
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "absl/types/span.h"
#include "lib/async/task.h"
#include "lib/http/header.h"
#include "proxy_worker/pipeline/error.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// A whole response. `headers` are in addition to Server, x-aisix-request-id, Content-Length and Connection;
// they and `body` are borrowed until the task is done. Sets phase, status and head_ns. That the caller has
// gone is not an error here: there is nobody left to tell.
async::Task<void> Respond(LoopContext& loop, RequestContext& context, int status,
                          absl::Span<const http::Header> headers, std::string_view body);

// The error in the envelope of the endpoint, with `Retry-After` where it has one. Sets error_kind and
// error_detail too.
async::Task<void> RespondError(LoopContext& loop, RequestContext& context, const Error& error);

// The head of a stream: 200, `text/event-stream`, `no-cache` and `headers`. Writes the access line and the
// request metrics; the handler then writes events with exchange.Write and ends with exchange.Finish or Abort.
// An error: the caller has gone.
async::Task<absl::Status> StartEventStream(LoopContext& loop, RequestContext& context,
                                           absl::Span<const http::Header> headers);

// The body of a JSON endpoint, or why there is none.
class JsonBody {
 public:
  explicit JsonBody(std::string_view bytes) : bytes_(bytes) {}
  explicit JsonBody(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  bool ok() const { return error_ == nullptr; }
  // In the receive buffer, with at least SIMDJSON_PADDING readable bytes behind it; valid until
  // exchange.ReleaseBody().
  std::string_view bytes() const { return bytes_; }
  const Error& error() const { return *error_; }

 private:
  std::string_view bytes_;
  std::unique_ptr<Error> error_;
};

// Checks Content-Type and reads the whole body up to the configured limit (spec 05 §4). Does not look into
// it.
async::Task<JsonBody> ReadJsonBody(LoopContext& loop, RequestContext& context);

// Closes the record of an attempt that failed when another one follows: counts it, emits its usage event with
// zero tokens (spec 11 §11.3), and makes context.attempt ready for the next one (index + 1; everything else
// empty). Before it: context.attempt is complete. The last attempt of a request is settled by the router.
void RecordFailedAttempt(LoopContext& loop, RequestContext& context);

}  // namespace aisix::proxy
