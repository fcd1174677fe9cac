// In the steady state a request costs no heap allocation (DESIGN §3).
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "test/unit/proxy_worker/chat/chat_fixture.h"

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

class AllocationTest : public ChatTest {
 protected:
  // The allocations of the last of many equal requests on one connection.
  uint64_t Steady(const std::string& body, const std::string& reply) {
    allocations_ = [] { return allocations; };
    Start();
    ChatClient client(port_);
    uint64_t last = 0;
    for (int i = 0; i < 50; ++i) {
      upstream_->ThenSend(reply);
      client.Post(body);
      EXPECT_EQ(client.Receive().status, 200);
      last = TakeOutcome().allocations;
      if (i == 0) {
        EXPECT_GT(last, 0u) << "the counter does not count";
      }
    }
    return last;
  }
};

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kFramesAreOnTheHeap = true;  // lib/async lets the sanitizer see every frame
#else
constexpr bool kFramesAreOnTheHeap = false;
#endif

TEST_F(AllocationTest, AWholeAnswerAllocatesNothing) {
  if (kFramesAreOnTheHeap) GTEST_SKIP() << "coroutine frames come from the heap under this sanitizer";
  EXPECT_EQ(Steady(ChatBody(), JsonResponse(200, Completion("gpt-up"))), 0u);
}

TEST_F(AllocationTest, AStreamAllocatesNothing) {
  if (kFramesAreOnTheHeap) GTEST_SKIP() << "coroutine frames come from the heap under this sanitizer";
  std::string events;
  for (int i = 0; i < 20; ++i) events += ChunkEvent("gpt-up", "token");
  EXPECT_EQ(Steady(ChatBody(R"(,"stream":true)"), EventStream(events + "data: [DONE]\n\n")), 0u);
}

}  // namespace
}  // namespace aisix::proxy
