#include "proxy_worker/server/proxy_handler.h"

#include <uv.h>

#include <array>
#include <optional>

#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/authenticate.h"
#include "proxy_worker/pipeline/models.h"
#include "proxy_worker/pipeline/respond.h"
#include "proxy_worker/server/probes.h"
#include "proxy_worker/telemetry/request_recorder.h"

namespace aisix::proxy {
namespace {

// Spec 01 §10: how much of a refused body is read, so that its sender reads the answer.
constexpr uint64_t kMostDrainedBytes = uint64_t{32} << 20;
constexpr uint64_t kMostDrainMs = 5000;

// Of endpoints without model rows (spec 11 §7.5, §9).
std::string_view FixedModelLabel(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kFiles:
    case Endpoint::kFile:
    case Endpoint::kFileContent:
    case Endpoint::kBatches:
    case Endpoint::kBatch:
    case Endpoint::kBatchCancel:
    case Endpoint::kFineTuningJobs:
    case Endpoint::kFineTuningJob:
    case Endpoint::kFineTuningJobCancel:
    case Endpoint::kMcp:
    case Endpoint::kMcpServer:
    case Endpoint::kA2a:
      return HandlerLabel(endpoint);
    default:
      return {};
  }
}

// Discovery documents are public; everything else wants a key.
bool NeedsKey(Endpoint endpoint) {
  return endpoint != Endpoint::kProtectedResource && endpoint != Endpoint::kProtectedResourceMcp;
}

}  // namespace

async::Maybe<void> ProxyHandler::Handle(http::ServerExchange& exchange) {
  return Serve(exchange);
}

async::Task<void> ProxyHandler::Serve(http::ServerExchange& exchange) {
  RequestContext context(exchange, loop_.snapshots.Pin());
  const Route route = Identify(context);
  loop_.recorder.Arrive(context);

  const uint64_t limit = loop_.config.request_body_limit_bytes;
  if (limit > 0 && exchange.request().content_length.value_or(0) > limit) {
    co_await RefuseBody(context);
  } else {
    async::Maybe<void> answered = Dispatch(context, route);
    co_await answered;
  }
  if (context.phase == ResponsePhase::kNone && !exchange.caller_gone()) {
    const Error error = ConfigFault("the request ended without an answer");
    co_await RespondError(loop_, context, error);
  }
  loop_.recorder.Settle(context);
}

Route ProxyHandler::Identify(RequestContext& context) {
  context.received_ns = uv_hrtime();
  const http::RequestHead& head = context.exchange.request();
  ResolveRequestId(head.headers, loop_.config.request_id_accept_headers, identifiers_, context);
  ResolveTrace(head.headers, identifiers_, context.trace);
  const Route route = MatchRoute(head.method, head.path);
  const bool known_path =
      route.kind == Route::Kind::kEndpoint || route.kind == Route::Kind::kMethodNotAllowed;
  context.endpoint = route.endpoint;
  context.endpoint_template = known_path ? EndpointTemplate(route.endpoint) : EndpointTemplate(head.path);
  context.client_type = loop_.recorder.ClientType(head.headers.Find("user-agent").value_or(""));
  return route;
}

async::Task<void> ProxyHandler::RefuseBody(RequestContext& context) {
  context.recording = Recording::kRefusal;
  BodyLimitRefusal refusal;
  refusal.declared_bytes = context.exchange.request().content_length.value_or(0);
  refusal.limit_bytes = loop_.config.request_body_limit_bytes;
  refusal.most_drained_bytes = kMostDrainedBytes;
  const uint64_t started_ns = uv_hrtime();
  refusal.outcome = co_await context.exchange.Drain(kMostDrainedBytes, kMostDrainMs);
  refusal.elapsed_ms = (uv_hrtime() - started_ns) / 1000000;
  loop_.recorder.BodyLimitRejection(context, refusal);
  const Error error = BodyTooLarge(refusal.limit_bytes);
  co_await RespondError(loop_, context, error);
}

async::Task<void> ProxyHandler::Refuse(RequestContext& context, Error error) {
  co_await RespondError(loop_, context, error);
}

async::Maybe<void> ProxyHandler::Dispatch(RequestContext& context, const Route& route) {
  switch (route.kind) {
    case Route::Kind::kEndpoint:
      break;
    case Route::Kind::kNotFound:
      return Respond(loop_, context, 404, {}, {});
    case Route::Kind::kMethodNotAllowed: {
      const std::array headers{http::Header{"allow", route.allow}};
      return Respond(loop_, context, 405, headers, {});
    }
    case Route::Kind::kTunnelRemoved: {
      context.recording = Recording::kFull;
      context.fixed_model_label = "passthrough";
      context.fixed_provider_label = "unresolved";
      return Refuse(context, EndpointRemoved());
    }
  }
  if (context.endpoint == Endpoint::kLivez || context.endpoint == Endpoint::kReadyz) {
    return AnswerProbe(loop_, context);
  }
  return CallEndpoint(context);
}

async::Maybe<void> ProxyHandler::CallEndpoint(RequestContext& context) {
  if (NeedsKey(context.endpoint)) {
    std::optional<Error> refusal = Authenticate(loop_, context);
    if (refusal) return Refuse(context, *std::move(refusal));
  }
  if (context.endpoint == Endpoint::kModels) {
    return ListModels(loop_, context);
  }
  context.recording = Recording::kFull;
  context.fixed_model_label = FixedModelLabel(context.endpoint);
  EndpointHandlers::Handler handler = nullptr;
  if (context.endpoint == Endpoint::kChatCompletions) handler = handlers_.chat_completions;
  if (handler == nullptr) {
    return Refuse(context, NotBuilt(context.exchange.request().path));
  }
  return handler(loop_, context);
}

void ProxyHandler::RenderProtocolError(const http::ProtocolError& error, http::ServerExchange& exchange,
                                       http::ErrorReply& reply) {
  RequestContext context(exchange, loop_.snapshots.Pin());
  Identify(context);
  reply.headers.emplace_back("x-aisix-request-id", std::string(context.request_id.view()));
  if (error.kind != http::ProtocolError::Kind::kConflictingContentLength) return;
  const Error refusal = InvalidRequest("conflicting Content-Length headers");
  const std::string_view path = exchange.request().path;
  const bool anthropic =
      path == "/v1/messages" || path == "/v1/messages/" || path == "/v1/messages/count_tokens";
  reply.content_type = "application/json";
  reply.body = anthropic ? RenderAnthropic(refusal) : RenderOpenAi(refusal);

  loop_.recorder.Arrive(context);
  context.recording = Recording::kRefusal;
  context.status = error.status;
  context.phase = ResponsePhase::kBuffered;
  context.head_ns = uv_hrtime();
  context.error_kind = refusal.type;
  context.error_detail = refusal.message;
  loop_.recorder.Settle(context);
}

}  // namespace aisix::proxy
