#include "proxy_worker/pipeline/authenticate.h"

#include "absl/time/clock.h"
#include "lib/crypto/sha256.h"
#include "lib/http/head.h"
#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/client_address.h"
#include "proxy_worker/telemetry/request_recorder.h"

namespace aisix::proxy {
namespace {

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool IsVisibleAscii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80 && !http::HasControlBytes(text);
}

Error ErrorFor(AuthReason reason) {
  switch (reason) {
    case AuthReason::kKeyDisabled:
      return DisabledKey();
    case AuthReason::kKeyExpired:
      return ExpiredKey();
    case AuthReason::kUnknownKey:
      return UnknownKey();
    default:
      return MissingCredential();
  }
}

}  // namespace

std::optional<std::string_view> PresentedKey(const http::Headers& headers) {
  constexpr std::string_view kBearer = "Bearer ";
  std::string_view key;
  if (std::optional<std::string_view> authorization = headers.Find("authorization")) {
    if (!authorization->starts_with(kBearer) || !IsVisibleAscii(*authorization)) return std::nullopt;
    key = TrimBlanks(authorization->substr(kBearer.size()));
  } else if (std::optional<std::string_view> api_key = headers.Find("x-api-key")) {
    if (!IsVisibleAscii(*api_key)) return std::nullopt;
    key = TrimBlanks(*api_key);
  }
  if (key.empty()) return std::nullopt;
  return key;
}

AuthDecision DecideOnKey(const Snapshot& snapshot, std::optional<std::string_view> key,
                         absl::FunctionRef<absl::Time()> now) {
  AuthDecision decision;
  if (!key) {
    decision.reason = AuthReason::kMissingCredentials;
    return decision;
  }
  decision.caller = snapshot.FindCaller(crypto::Sha256::Of(*key));
  if (decision.caller == nullptr) {
    decision.reason = AuthReason::kUnknownKey;
  } else if (decision.caller->disabled()) {
    decision.reason = AuthReason::kKeyDisabled;
  } else if (decision.caller->can_expire() && decision.caller->expired(now())) {
    decision.reason = AuthReason::kKeyExpired;
  }
  return decision;
}

std::optional<Error> Authenticate(LoopContext& loop, RequestContext& context) {
  const AuthDecision decision =
      DecideOnKey(context.snapshot, PresentedKey(context.exchange.request().headers), absl::Now);
  context.exchange.WipeCredentials();                                      // the proxy knows hashes
  if (decision.reason != AuthReason::kNone) ClientAddress(loop, context);  // the line names it
  loop.recorder.Authentication(context, decision.reason, decision.caller);
  if (decision.reason != AuthReason::kNone) return ErrorFor(decision.reason);
  context.caller = decision.caller;
  return std::nullopt;
}

}  // namespace aisix::proxy
