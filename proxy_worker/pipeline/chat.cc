#include "proxy_worker/pipeline/chat.h"

#include <optional>

#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/chat_run.h"
#include "proxy_worker/pipeline/respond.h"

namespace aisix::proxy {

async::Task<void> HandleChat(LoopContext& loop, RequestContext& context) {
  const JsonBody body = co_await ReadJsonBody(loop, context);
  std::optional<Error> refusal;
  std::optional<ChatRun> run;
  if (body.ok()) {
    run.emplace(loop, context);
    refusal = run->Prepare(body.text());
  } else {
    refusal = body.error();
  }
  if (refusal) {
    co_await RespondError(loop, context, *refusal);
    co_return;
  }
  ChatRun* const watched = &*run;
  context.exchange.OnAbort([watched] { watched->CallerLeft(); });
  if (context.stream) {
    co_await run->Stream();
  } else {
    co_await run->Whole();
  }
  context.exchange.OnAbort(nullptr);
}

}  // namespace aisix::proxy
