#include "proxy_worker/pipeline/respond.h"

#include <uv.h>

#include <array>
#include <charconv>
#include <optional>

#include "lib/http/server_exchange.h"
#include "proxy_worker/telemetry/labels.h"
#include "proxy_worker/telemetry/request_recorder.h"

namespace aisix::proxy {
namespace {

constexpr std::string_view kRequestIdHeader = "x-aisix-request-id";
constexpr std::string_view kJson = "application/json";

// The header fields of one response, without the heap.
class ResponseHeaders {
 public:
  explicit ResponseHeaders(const RequestContext& context) {
    fields_[0] = http::Header{kRequestIdHeader, context.request_id};
    count_ = 1;
  }
  void Add(std::string_view name, std::string_view value) {
    if (count_ < fields_.size()) fields_[count_++] = http::Header{name, value};
  }
  void Add(std::span<const http::Header> headers) {
    for (const http::Header& header : headers) Add(header.name, header.value);
  }
  std::span<const http::Header> all() const { return {fields_.data(), count_}; }

 private:
  std::array<http::Header, kMaxResponseHeaders + 4> fields_;
  size_t count_ = 0;
};

// Marks the response as handed over. False: the caller has left meanwhile, and a success is not theirs any
// more.
bool Begin(LoopContext& loop, RequestContext& context, int status, ResponsePhase phase) {
  if (status < 400 && context.exchange.caller_gone()) return false;
  context.status = status;
  context.phase = phase;
  context.head_ns = uv_hrtime();
  if (phase == ResponsePhase::kStreaming) {
    loop.recorder.Head(context);
  } else {
    if (context.attempt.ended_ns == 0) context.attempt.ended_ns = context.head_ns;
    loop.recorder.Settle(context);
  }
  return true;
}

async::Task<void> Await(async::Maybe<absl::Status> sent) {
  (void)co_await sent;
}

JsonBody JsonBodyOf(const absl::StatusOr<std::span<char>>& body, uint64_t limit) {
  if (body.ok()) return JsonBody(*body);
  if (absl::IsResourceExhausted(body.status())) return JsonBody(BodyTooLarge(limit));
  return JsonBody(InvalidRequest("failed to read request body"));
}

async::Task<JsonBody> AwaitJsonBody(async::Maybe<absl::StatusOr<std::span<char>>> reading, uint64_t limit) {
  const absl::StatusOr<std::span<char>> body = co_await reading;
  co_return JsonBodyOf(body, limit);
}

// `application/json` or `application/<anything>+json`, with or without parameters.
bool IsJsonContentType(std::optional<std::string_view> header) {
  if (!header) return false;
  std::string_view type = *header;
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  while (!type.empty() && (type.front() == ' ' || type.front() == '\t')) type.remove_prefix(1);
  if (http::EqualsIgnoreCase(type, kJson)) return true;
  constexpr std::string_view kPrefix = "application/";
  constexpr std::string_view kSuffix = "+json";
  return type.size() > kPrefix.size() + kSuffix.size() &&
         http::EqualsIgnoreCase(type.substr(0, kPrefix.size()), kPrefix) &&
         http::EqualsIgnoreCase(type.substr(type.size() - kSuffix.size()), kSuffix);
}

}  // namespace

async::Maybe<void> Respond(LoopContext& loop, RequestContext& context, int status,
                           std::span<const http::Header> headers, std::string_view body) {
  return RespondPieces(loop, context, status, headers, std::span<const std::string_view>(&body, 1));
}

async::Maybe<void> RespondPieces(LoopContext& loop, RequestContext& context, int status,
                                 std::span<const http::Header> headers,
                                 std::span<const std::string_view> pieces) {
  ResponseHeaders all(context);
  all.Add(headers);
  if (!Begin(loop, context, status, ResponsePhase::kBuffered)) return {};
  async::Maybe<absl::Status> sent = context.exchange.RespondV(status, all.all(), pieces);
  if (sent.ready()) return {};
  return Await(std::move(sent));
}

async::Task<void> RespondError(LoopContext& loop, RequestContext& context, const Error& error) {
  context.error_kind = error.type;
  context.error_detail = error.message;
  if (error.error_class != usage::ErrorClass::kNone &&
      context.attempt.error_class == usage::ErrorClass::kNone) {
    context.attempt.error_class = error.error_class;
    context.attempt.error_message = error.message;
    context.attempt.status = error.status;
  }
  const std::string body =
      UsesAnthropicEnvelope(context.endpoint) ? RenderAnthropic(error) : RenderOpenAi(error);
  std::array<char, 24> seconds;
  ResponseHeaders all(context);
  all.Add("content-type", kJson);
  if (error.retry_after) {
    const auto [end, failed] =
        std::to_chars(seconds.data(), seconds.data() + seconds.size(), *error.retry_after);
    (void)failed;
    all.Add("retry-after", {seconds.data(), static_cast<size_t>(end - seconds.data())});
  }
  Begin(loop, context, error.status, ResponsePhase::kBuffered);
  (void)co_await context.exchange.Respond(error.status, all.all(), body);
}

bool StartEventStream(LoopContext& loop, RequestContext& context, std::span<const http::Header> headers) {
  ResponseHeaders all(context);
  all.Add("content-type", "text/event-stream");
  all.Add("cache-control", "no-cache");
  all.Add(headers);
  if (!Begin(loop, context, 200, ResponsePhase::kStreaming)) return false;
  context.exchange.StartStream(200, all.all());
  return true;
}

async::Maybe<JsonBody> ReadJsonBody(LoopContext& loop, RequestContext& context) {
  if (!IsJsonContentType(context.exchange.request().headers.Find("content-type"))) {
    return JsonBody(InvalidJson());
  }
  const uint64_t limit = loop.config.request_body_limit_bytes;
  async::Maybe<absl::StatusOr<std::span<char>>> reading = context.exchange.ReadBody(limit);
  if (reading.ready()) return JsonBodyOf(reading.value(), limit);
  return AwaitJsonBody(std::move(reading), limit);
}

void RecordFailedAttempt(LoopContext& loop, RequestContext& context) {
  if (context.attempt.ended_ns == 0) context.attempt.ended_ns = uv_hrtime();
  loop.recorder.FailedAttempt(context);
  Attempt next;
  next.index = context.attempt.index + 1;
  next.kind = usage::AttemptKind::kRetry;
  context.attempt = std::move(next);
}

}  // namespace aisix::proxy
