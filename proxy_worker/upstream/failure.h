// Why an attempt failed: what the caller would get for it, and whether another one may help (spec 05 §6, §11,
// 07 §3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/http/client.h"
#include "lib/json/reader.h"
#include "proxy_worker/dialects/openai_chat/error.h"
#include "proxy_worker/pipeline/error.h"

namespace aisix::proxy {

struct Failure {
  Error error;
  bool retryable = true;
  bool timeout = false;                 // the attempt's own deadline
  std::optional<uint64_t> retry_after;  // seconds, of an upstream answer
};

// The deadline passed.
Failure TimeoutFailure(uint64_t budget_ms);
// The exchange failed. `url` without credentials; `phase`: what was being done, as in "sending request".
Failure ExchangeFailure(http::ErrorKind kind, std::string_view message, std::string_view phase,
                        std::string_view url, uint64_t budget_ms);
Failure DecodeFailure(std::string_view detail);
// The stream ended before its first chunk.
Failure AbortedFailure();
// A status other than 2xx, of an OpenAI-compatible provider. `body`: what was kept of it.
Failure StatusFailure(int status, const http::Headers& headers, std::string_view body, json::Reader& reader);
// An error in a 2xx stream, before the caller has a head.
Failure InBandFailure(const openai_chat::ProviderError& error);

// The same, after the caller has a head: an error whose type and message stand in the frame of spec 05 §10.6.
Error InBandFrameError(const openai_chat::ProviderError& error);

// `Retry-After` as a number of seconds; dates are ignored.
std::optional<uint64_t> ParseRetryAfter(const http::Headers& headers);

}  // namespace aisix::proxy
