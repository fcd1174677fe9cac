#include "proxy_worker/pipeline/chat.h"

#include <optional>

#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/chat_run.h"
#include "proxy_worker/pipeline/respond.h"

namespace aisix::proxy {

async::Task<void> HandleChat(LoopContext& loop, RequestContext& context) {
  async::Maybe<JsonBody> reading = ReadJsonBody(loop, context);
  const JsonBody body = co_await reading;
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
  auto left = [&run] { run->CallerLeft(); };
  context.exchange.OnAbort(left);
  if (context.stream) {
    co_await run->Stream();
  } else {
    co_await run->Whole();
  }
  context.exchange.OnAbort(nullptr);
}

}  // namespace aisix::proxy
