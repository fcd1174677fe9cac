// A caller that goes away: the provider's connection goes at once.
#include <gtest/gtest.h>

#include <future>

#include "test/unit/proxy_worker/chat/chat_fixture.h"

namespace aisix::proxy {
namespace {

TEST_F(ChatTest, ACallerThatLeavesBeforeTheHeadEndsTheUpstreamCall) {
  Start();
  std::promise<void> received;
  std::promise<bool> closed;
  upstream_->Then([&](UpstreamConnection& connection) {
    received.set_value();
    closed.set_value(connection.WaitForClose());
    connection.Close();
  });
  ChatClient client(port_);
  client.Post(ChatBody());
  received.get_future().wait();
  client.Close();
  EXPECT_TRUE(closed.get_future().get());
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.phase, ResponsePhase::kNone);
  EXPECT_EQ(outcome.status, 499);
  EXPECT_EQ(upstream_->requests().size(), 1u);
}

TEST_F(ChatTest, ACallerThatLeavesMidStreamEndsTheUpstreamCall) {
  Start();
  std::promise<bool> closed;
  upstream_->Then([&](UpstreamConnection& connection) {
    connection.Send(EventStreamHead() + HttpChunk(ChunkEvent("m", "a")));
    closed.set_value(connection.WaitForClose());
    connection.Close();
  });
  ChatClient client(port_);
  client.Post(ChatBody(R"(,"stream":true)"));
  ASSERT_TRUE(client.ReadUntil("\"alias\""));
  client.Close();
  EXPECT_TRUE(closed.get_future().get());
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.phase, ResponsePhase::kStreaming);
  EXPECT_TRUE(outcome.caller_left);
  EXPECT_EQ(outcome.provider_request_id, "c-1");
}

TEST_F(ChatTest, ACallerThatLeavesWhileTheGatewayWaitsToTryAgainIsNotServed) {
  model_members_ = R"(,"retries":1)";
  Start();
  std::promise<void> refused;
  upstream_->Then([&](UpstreamConnection& connection) {
    connection.Send(JsonResponse(503, "{}", "retry-after: 5\r\n"));
    refused.set_value();
  });
  ChatClient client(port_);
  client.Post(ChatBody());
  refused.get_future().wait();
  client.Close();
  EXPECT_EQ(TakeOutcome().phase, ResponsePhase::kNone);
  EXPECT_EQ(upstream_->requests().size(), 1u);
}

}  // namespace
}  // namespace aisix::proxy
