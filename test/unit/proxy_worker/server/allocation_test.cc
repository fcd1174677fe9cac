// In the steady state the layers around a handler, its record included, cost no heap allocation (DESIGN §3).
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/respond.h"
#include "test/unit/proxy_worker/server/gateway_fixture.h"

namespace {
thread_local uint64_t allocations = 0;
}

[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace aisix::proxy {
namespace {

// What the loop allocated between the starts of the last two requests: one whole turn of everything.
std::atomic<uint64_t> last_turn{0};
uint64_t at_last_start = 0;  // on the loop's thread

async::Task<void> Answer(LoopContext& loop, RequestContext& context) {
  last_turn = allocations - at_last_start;
  at_last_start = allocations;
  JsonBody body = co_await ReadJsonBody(loop, context);
  context.requested_model = "a-model-name-of-more-than-fifteen-bytes";
  context.match = context.snapshot.FindModel(context.requested_model);
  context.target = context.match.model;
  context.upstream_model = "the-name-of-the-model-upstream";
  context.attempt.reached_upstream = true;
  context.tokens.prompt = 3;
  context.tokens.completion = 2;
  context.provider_request_id = "chatcmpl-0123456789abcdef";
  const std::array headers{http::Header{"content-type", "application/json"}};
  co_await Respond(loop, context, 200, headers, body.text());
}

class AllocationTest : public GatewayTest {};

TEST_F(AllocationTest, ARequestAllocatesNothing) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "coroutine frames come from the heap under this sanitizer";
#endif
  handlers_.chat_completions = &Answer;
  Start();
  Put("api_keys", "key-1",
      R"({"key_hash":")" + crypto::Sha256::Of("sk-1").ToHex() + R"(","allowed_models":["*"]})");
  Put("provider_keys", "pk", R"({"display_name":"pk","api_key":"s","provider":"openai"})");
  Put("models", "m",
      R"({"display_name":"a-model-name-of-more-than-fifteen-bytes","provider":"openai","model_name":"u","provider_key_id":"pk"})");
  Publish();
  RawClient client(port_);
  for (int i = 0; i < 30; ++i) {
    client.Send(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer sk-1\r\n"
        "content-type: application/json\r\nuser-agent: OpenAI/Python 1.50.0\r\ncontent-length: 2\r\n\r\n{}");
    ASSERT_TRUE(client.Receive().starts_with("HTTP/1.1 200 "));
  }
  EXPECT_EQ(last_turn, 0u);
}

}  // namespace
}  // namespace aisix::proxy
