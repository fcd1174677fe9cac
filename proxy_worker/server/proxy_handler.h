// Takes every request of one loop through the layers of spec 05 §1.2: identity, accounting, body limit,
// route, authentication, handler, record.
#pragma once

#include "lib/async/maybe.h"
#include "lib/async/task.h"
#include "lib/http/server.h"
#include "proxy_worker/pipeline/error.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"
#include "proxy_worker/server/request_identity.h"
#include "proxy_worker/server/route.h"

namespace aisix::proxy {

// The handlers of endpoints that talk to providers: one per endpoint that is built. Called after
// authentication with everything that request_context.h lists as known; answers through respond.h.
struct EndpointHandlers {
  using Handler = async::Task<void> (*)(LoopContext& loop, RequestContext& context);
  Handler chat_completions = nullptr;  // null: 501
};

// One per loop; borrowed parts outlive it.
class ProxyHandler : public http::Handler {
 public:
  ProxyHandler(LoopContext& loop, const EndpointHandlers& handlers) : loop_(loop), handlers_(handlers) {}

  async::Maybe<void> Handle(http::ServerExchange& exchange) override;
  // Requests that the parser refused still carry an id; those of spec 01 §10 also have their body, the access
  // line and the request metrics.
  void RenderProtocolError(const http::ProtocolError& error, http::ServerExchange& exchange,
                           http::ErrorReply& reply) override;

 private:
  // Identity, trace, endpoint and client of a request whose head was read.
  Route Identify(RequestContext& context);
  async::Task<void> Serve(http::ServerExchange& exchange);
  async::Task<void> RefuseBody(RequestContext& context);
  async::Maybe<void> Dispatch(RequestContext& context, const Route& route);
  async::Maybe<void> CallEndpoint(RequestContext& context);
  async::Task<void> Refuse(RequestContext& context, Error error);

  LoopContext& loop_;
  const EndpointHandlers handlers_;
  IdentifierSource identifiers_;
};

}  // namespace aisix::proxy
