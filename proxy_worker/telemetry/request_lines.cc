#include "proxy_worker/telemetry/request_lines.h"

#include "proxy_worker/telemetry/labels.h"

namespace aisix::proxy {
namespace {

using log::Absent;
using log::Field;
using log::Level;

constexpr std::string_view kAccessTarget = "aisix_obs::access_log";
constexpr std::string_view kUsageTarget = "aisix_obs::usage";
constexpr std::string_view kAuthTarget = "aisix::auth";
constexpr std::string_view kBodyLimitTarget = "aisix::body_limit";
constexpr size_t kMostErrorCharacters = 2048;

decltype(Field::value) Text(std::string_view text) {
  if (text.empty()) return Absent{};
  return text;
}

decltype(Field::value) Number(bool present, uint64_t value) {
  if (!present) return Absent{};
  return value;
}

// Spec 11 §3.2.
std::string_view AccessProvider(const RequestContext& context) {
  if (!context.fixed_provider_label.empty()) return context.fixed_provider_label;
  const bool success = Outcome(context.status) == "success";
  if (context.endpoint == Endpoint::kChatCompletions) {
    // Of a request that its caller gave up the vendor is logged when it was known.
    if ((success || context.status == 499) && context.target != nullptr)
      return context.target->provider_label;
    return {};
  }
  if (success && context.target != nullptr) return context.target->provider_label;
  return kUnknown;
}

}  // namespace

std::string_view AuthReasonLabel(AuthReason reason) {
  switch (reason) {
    case AuthReason::kNone:
      return "none";
    case AuthReason::kMissingCredentials:
      return "missing_credentials";
    case AuthReason::kUnknownKey:
      return "unknown_key";
    case AuthReason::kKeyDisabled:
      return "key_disabled";
    case AuthReason::kKeyExpired:
      return "key_expired";
  }
  return "";
}

std::string_view AuthMethod(AuthReason reason) {
  return reason == AuthReason::kMissingCredentials ? "none" : "api_key";
}

std::string_view DrainLabel(http::DrainResult outcome) {
  switch (outcome) {
    case http::DrainResult::kCompleted:
      return "completed";
    case http::DrainResult::kCapReached:
      return "cap_reached";
    case http::DrainResult::kTimeout:
      return "timeout";
    case http::DrainResult::kClientReadError:
      return "client_read_error";
  }
  return "";
}

std::string CleanText(std::string_view text, size_t limit) {
  std::string clean;
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) continue;
    const std::string_view rest = text.substr(i);
    // U+0080 … U+009F, and the line and paragraph separators.
    if (rest.size() > 1 && byte == 0xc2 && static_cast<unsigned char>(rest[1]) < 0xa0) {
      i += 1;
      continue;
    }
    if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) {
      i += 2;
      continue;
    }
    if ((byte & 0xc0) != 0x80 && ++characters > limit) break;
    clean += text[i];
  }
  return clean;
}

void RequestLines::Access(const RequestContext& context) {
  if (!logger_.Enabled(Level::kInfo, kAccessTarget)) return;
  const http::RequestHead& head = context.exchange.request();
  const bool buffered = context.phase != ResponsePhase::kStreaming;
  const bool abandoned = context.status == 499;
  const bool tokens = buffered && Outcome(context.status) == "success" && !context.tokens.Empty();
  const std::string error =
      context.error_detail.empty() ? std::string() : CleanText(context.error_detail, kMostErrorCharacters);
  const std::string_view path =
      context.recording == Recording::kRefusal ? context.endpoint_template : head.path;
  const uint64_t latency_ms =
      context.head_ns > context.received_ns ? (context.head_ns - context.received_ns) / 1000000 : 0;
  const std::string_view request_id = context.request_id;
  logger_.Write(Level::kInfo, kAccessTarget, "proxy request completed",
                {{"method", head.method},
                 {"path", path},
                 {"status", static_cast<int64_t>(context.status)},
                 {"latency_ms", latency_ms},
                 {"provider", Text(AccessProvider(context))},
                 {"model", Text(context.requested_model)},
                 {"api_key_id",
                  Text(context.caller != nullptr && !abandoned ? context.caller->id() : std::string_view())},
                 {"prompt_tokens", Number(tokens, context.tokens.prompt)},
                 {"completion_tokens", Number(tokens, context.tokens.completion)},
                 {"total_tokens", Number(tokens, context.tokens.CacheInclusiveTotal())},
                 {"request_id", request_id},
                 {"provider_request_id", Text(tokens || buffered ? context.provider_request_id.view() : "")},
                 {"error_kind", Text(context.error_kind)},
                 {"error", Text(error)}},
                request_id);
}

void RequestLines::ProviderCall(const RequestContext& context, std::string_view handler, int status) {
  const std::string_view request_id = context.request_id;
  logger_.Write(Level::kInfo, kUsageTarget, "provider call completed",
                {{"request_id", request_id},
                 {"provider_request_id", context.provider_request_id.view()},
                 {"attempt_index", static_cast<uint64_t>(context.attempt.index)},
                 {"attempt_kind", usage::Name(context.attempt.kind)},
                 {"handler", handler},
                 {"status", static_cast<int64_t>(status)},
                 {"requested_model", context.requested_model.view()},
                 {"provider_model_version", Text(context.provider_model)}},
                request_id);
}

void RequestLines::AuthenticationRefused(const RequestContext& context, AuthReason reason,
                                         const CallerKey* caller) {
  const bool presented = reason != AuthReason::kMissingCredentials;
  // Unknown keys are logged low, so that a scanner of the internet cannot flood the log.
  const Level level = presented && reason != AuthReason::kUnknownKey ? Level::kWarn : Level::kDebug;
  if (!logger_.Enabled(level, kAuthTarget)) return;
  const http::RequestHead& head = context.exchange.request();
  const std::string_view request_id = context.request_id;
  logger_.Write(level, kAuthTarget,
                presented ? "rejected inbound credential" : "rejected inbound request without a credential",
                {{"method", AuthMethod(reason)},
                 {"reason", AuthReasonLabel(reason)},
                 {"http_method", head.method},
                 {"path", head.path},
                 {"request_id", request_id},
                 {"source_ip", context.client_address.view()},
                 {"api_key_id", Text(caller != nullptr ? caller->id() : "")}},
                request_id);
}

void RequestLines::BodyLimitRefused(const RequestContext& context, const BodyLimitRefusal& refusal,
                                    uint64_t now_ms) {
  constexpr uint64_t kBetweenWarningsMs = 1000;
  Level level = Level::kInfo;
  if (refusal.outcome != http::DrainResult::kCompleted) {
    level = Level::kWarn;
    uint64_t& warned_at = warned_at_ms_[static_cast<size_t>(refusal.outcome)];
    if (warned_at != 0 && now_ms - warned_at < kBetweenWarningsMs) return;
    warned_at = now_ms;
  }
  // What was read before a time-out or a broken connection is not known.
  const bool completed = refusal.outcome == http::DrainResult::kCompleted;
  const bool drained_known = completed || refusal.outcome == http::DrainResult::kCapReached;
  const uint64_t drained = completed ? refusal.declared_bytes : refusal.most_drained_bytes;
  const std::string_view request_id = context.request_id;
  logger_.Write(level, kBodyLimitTarget, "request body over the limit was refused",
                {{"request_id", request_id},
                 {"endpoint", context.endpoint_template},
                 {"method", context.exchange.request().method},
                 {"status", int64_t{413}},
                 {"declared_content_length", refusal.declared_bytes},
                 {"configured_limit_bytes", refusal.limit_bytes},
                 {"drained_bytes", Number(drained_known, drained)},
                 {"drain_outcome", DrainLabel(refusal.outcome)},
                 {"elapsed_ms", refusal.elapsed_ms}},
                request_id);
}

}  // namespace aisix::proxy
