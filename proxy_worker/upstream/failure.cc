#include "proxy_worker/upstream/failure.h"

#include <fmt/format.h>

#include <string>

#include "lib/url/url.h"

namespace aisix::proxy {
namespace {

bool IsClientError(int status) {
  return status >= 400 && status < 500;
}

// The error of an upstream status, whose 4xx text and code may be shown.
Failure UpstreamStatus(int status, openai_chat::ProviderError provider) {
  Failure failure;
  failure.retryable = !IsClientError(status);
  if (status >= 500 && status < 600) {
    failure.error = UpstreamServerError(status);
    return failure;
  }
  Error& error = failure.error;
  error.status = IsClientError(status) ? status : 502;
  error.type = "upstream_error";
  error.message = std::move(provider.message);
  if (error.message.empty()) error.message = fmt::format("upstream returned {}", status);
  error.code = std::move(provider.code);
  error.param = std::move(provider.param);
  error.error_class = usage::ErrorClass::kUpstreamStatus;
  return failure;
}

}  // namespace

Failure TimeoutFailure(uint64_t budget_ms) {
  Failure failure;
  failure.error = UpstreamTimeout(budget_ms);
  failure.timeout = true;
  return failure;
}

Failure ExchangeFailure(http::ErrorKind kind, std::string_view message, std::string_view phase,
                        std::string_view url, uint64_t budget_ms) {
  if (kind == http::ErrorKind::kDeadline) return TimeoutFailure(budget_ms);
  if (kind == http::ErrorKind::kDecode || kind == http::ErrorKind::kTooLarge) return DecodeFailure(message);
  Failure failure;
  failure.error =
      UpstreamTransport(url::RedactUrls(fmt::format("error {} for url ({}): {}", phase, url, message)));
  return failure;
}

Failure DecodeFailure(std::string_view detail) {
  Failure failure;
  failure.error = UpstreamDecode(detail);
  return failure;
}

Failure AbortedFailure() {
  Failure failure;
  failure.error = UpstreamAborted();
  return failure;
}

std::optional<uint64_t> ParseRetryAfter(const http::Headers& headers) {
  const std::optional<std::string_view> value = headers.Find("retry-after");
  uint64_t seconds = 0;
  if (!value || !json::ParseUnsigned(*value, seconds)) return std::nullopt;
  return seconds;
}

Failure StatusFailure(int status, const http::Headers& headers, std::string_view body, json::Reader& reader) {
  std::optional<openai_chat::ProviderError> provider = openai_chat::ReadErrorBody(reader, body);
  if (!provider) {
    provider.emplace();
    provider->message = openai_chat::Excerpt(body);
  }
  Failure failure = UpstreamStatus(status, std::move(*provider));
  failure.retry_after = ParseRetryAfter(headers);
  if (status == 429) failure.error.retry_after = failure.retry_after;
  return failure;
}

Failure InBandFailure(const openai_chat::ProviderError& error) {
  // Without a status it is treated as the provider's own fault.
  Failure failure = UpstreamStatus(error.status.value_or(502), error);
  failure.error.error_class = usage::ErrorClass::kUpstreamInBand;
  return failure;
}

Error InBandFrameError(const openai_chat::ProviderError& error) {
  Error frame;
  frame.status = error.status && IsClientError(*error.status) ? *error.status : 502;
  frame.type = "upstream_in_band_error";
  frame.message = fmt::format("upstream reported an in-band stream error: {}", error.message);
  frame.error_class = usage::ErrorClass::kUpstreamInBand;
  return frame;
}

}  // namespace aisix::proxy
