// Streams: relay, heartbeat, back-pressure, failures after the head.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "test/unit/proxy_worker/chat/chat_fixture.h"

namespace aisix::proxy {
namespace {

using testing::HasSubstr;

constexpr char kStream[] = R"(,"stream":true)";
constexpr char kDone[] = "data: [DONE]\n\n";
constexpr char kUsageEvent[] =
    "data: "
    "{\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"created\":17,\"model\":\"alias\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\n";

TEST_F(ChatTest, RelaysAStream) {
  Start();
  upstream_->ThenSend(EventStream(": hi\n\n" + ChunkEvent("gpt-up", "a") + ChunkEvent("gpt-up", "\xC3\xBC") +
                                  kUsageEvent + kDone));
  const Response response = Post(ChatBody(kStream));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.head, HasSubstr("content-type: text/event-stream\r\n"));
  EXPECT_THAT(response.head, HasSubstr("cache-control: no-cache\r\n"));
  EXPECT_THAT(response.head, HasSubstr("x-aisix-call-id: request-1\r\n"));
  EXPECT_EQ(response.body, ": hi\n\n" + ChunkEvent("alias", "a") + ChunkEvent("alias", "\xC3\xBC") + kDone);
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(
      UpstreamBody(),
      R"({"model":"gpt-up","stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}],"stream":true})");
  EXPECT_THAT(UpstreamHead(), HasSubstr("accept: text/event-stream\r\n"));

  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.phase, ResponsePhase::kStreaming);
  EXPECT_TRUE(outcome.stream);
  EXPECT_EQ(outcome.tokens.prompt, 3u);
  EXPECT_EQ(outcome.tokens.completion, 2u);
  EXPECT_EQ(outcome.provider_request_id, "c-1");
  EXPECT_GE(outcome.attempt.time_to_first_token_ms, 1u);
  EXPECT_EQ(outcome.attempt.error_class, usage::ErrorClass::kNone);
}

TEST_F(ChatTest, ForwardsTheUsageChunkToWhomItWasPromised) {
  Start();
  const std::string stream = ChunkEvent("alias", "a") + kUsageEvent + kDone;
  upstream_->ThenSend(EventStream(stream));
  EXPECT_EQ(Post(ChatBody(R"(,"stream":true,"stream_options":{"include_usage":true})")).body, stream);
  upstream_->ThenSend(EventStream(stream));
  EXPECT_EQ(Post(ChatBody(R"(,"stream":true,"stream_options":{"x":1})")).body,
            ChunkEvent("alias", "a") + kDone);
  EXPECT_THAT(UpstreamBody(1), HasSubstr(R"("stream_options":{"x":1})"));
}

TEST_F(ChatTest, SaysDoneExactlyOnce) {
  Start();
  for (const std::string& tail :
       {std::string(), std::string(kDone), std::string(kDone) + ChunkEvent("m", "late") + kDone}) {
    upstream_->ThenSend(EventStream(ChunkEvent("m", "a") + tail));
    const Response response = Post(ChatBody(kStream));
    EXPECT_EQ(response.body, ChunkEvent("alias", "a") + kDone) << tail;
    EXPECT_TRUE(response.complete);
  }
  upstream_->ThenSend(
      EventStream("data: " + ChunkEvent("m", "a").substr(6, ChunkEvent("m", "a").size() - 8)));
  EXPECT_EQ(Post(ChatBody(kStream)).body, ChunkEvent("alias", "a") + kDone)
      << "the last blank line was missing";
}

TEST_F(ChatTest, AStreamCutAnywhereIsTheSameForTheCaller) {
  Start();
  const std::string events =
      ": c\r\n\r\n" + ChunkEvent("m", "gr\xC3\xBC\xC3\x9F") + ChunkEvent("m", "\xF0\x9F\x98\x80") + kDone;
  const std::string expected = ": c\r\n\r\n" + ChunkEvent("alias", "gr\xC3\xBC\xC3\x9F") +
                               ChunkEvent("alias", "\xF0\x9F\x98\x80") + kDone;
  upstream_->Then([events](UpstreamConnection& connection) {
    connection.Send(EventStreamHead());
    for (const char c : events) connection.Send(HttpChunk(std::string_view(&c, 1)));
    connection.Send(kLastHttpChunk);
  });
  EXPECT_EQ(Post(ChatBody(kStream)).body, expected);
}

TEST_F(ChatTest, EventsOfOneReadLeaveInOneChunk) {
  Start();
  upstream_->ThenSend(EventStream(ChunkEvent("m", "a") + ChunkEvent("m", "b") + kDone));
  ChatClient client(port_);
  client.Post(ChatBody(kStream));
  ASSERT_TRUE(client.ReadUntil("\r\n0\r\n\r\n"));
  const std::string body = ChunkEvent("alias", "a") + ChunkEvent("alias", "b") + kDone;
  EXPECT_THAT(client.received(), testing::EndsWith(HttpChunk(body) + std::string(kLastHttpChunk)));
}

TEST_F(ChatTest, TheHeadComesBeforeTheFirstChunk) {
  Start();
  std::promise<void> seen;
  upstream_->Then([&seen](UpstreamConnection& connection) {
    connection.Send(EventStreamHead());
    seen.get_future().wait();
    connection.Send(HttpChunk(ChunkEvent("m", "a")) + std::string(kLastHttpChunk));
  });
  ChatClient client(port_);
  client.Post(ChatBody(kStream));
  EXPECT_TRUE(client.ReadUntil("text/event-stream"));
  seen.set_value();
  EXPECT_EQ(client.Receive().body, ChunkEvent("alias", "a") + kDone);
}

TEST_F(ChatTest, ASilentStreamHasAHeartbeat) {
  config_.sse_keepalive_interval_secs = 1;
  Start();
  std::promise<void> seen;
  upstream_->Then([&seen](UpstreamConnection& connection) {
    connection.Send(EventStreamHead());
    seen.get_future().wait();
    connection.Send(HttpChunk(ChunkEvent("m", "a")) + std::string(kLastHttpChunk));
  });
  ChatClient client(port_);
  client.Post(ChatBody(kStream));
  EXPECT_TRUE(client.ReadUntil("3\r\n:\n\n\r\n3\r\n:\n\n\r\n")) << "and it repeats";
  seen.set_value();
  EXPECT_THAT(client.Receive().body, testing::EndsWith(ChunkEvent("alias", "a") + kDone));
}

class FailureAfterTheHead : public ChatTest {
 protected:
  // The body for a stream that goes on with `rest` after one chunk.
  std::string After(std::function<void(UpstreamConnection&)> rest) {
    upstream_->Then([rest](UpstreamConnection& connection) {
      connection.Send(EventStreamHead() + HttpChunk(ChunkEvent("m", "a")));
      rest(connection);
    });
    const Response response = Post(ChatBody(kStream));
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.complete);
    const std::string first = ChunkEvent("alias", "a");
    EXPECT_EQ(response.body.substr(0, first.size()), first);
    EXPECT_EQ(upstream_->requests().size(), ++requests_) << "no retry after the head";
    return response.body.substr(first.size());
  }
  size_t requests_ = 0;
};

TEST_F(FailureAfterTheHead, IsOneEventWithoutDone) {
  Start();
  EXPECT_EQ(
      After([](UpstreamConnection& connection) {
        connection.Send(HttpChunk("data: {\"error\":{\"message\":\"Over\\\"loaded\",\"code\":429}}\n\n"));
      }),
      "event: error\ndata: {\"error\":{\"message\":\"upstream reported an in-band stream error: "
      "Over\\\"loaded\","
      "\"type\":\"upstream_in_band_error\"}}\n\n");
  EXPECT_EQ(TakeOutcome().attempt.error_class, usage::ErrorClass::kUpstreamInBand);
  EXPECT_THAT(
      After([](UpstreamConnection& connection) { connection.Send(HttpChunk("data: {}\n\n")); }),
      testing::AllOf(
          testing::StartsWith(
              "event: error\ndata: {\"error\":{\"message\":\"upstream returned an unparseable body: "),
          testing::EndsWith("\"type\":\"upstream_decode_error\"}}\n\n")));
  EXPECT_EQ(TakeOutcome().attempt.error_class, usage::ErrorClass::kUpstreamDecode);
  EXPECT_THAT(
      After([](UpstreamConnection& connection) { connection.Close(); }),
      testing::AllOf(testing::StartsWith("event: error\ndata: {\"error\":{\"message\":\"transport error: "),
                     testing::EndsWith("\"type\":\"transport_error\"}}\n\n")));
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.attempt.error_class, usage::ErrorClass::kTransport);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_FALSE(outcome.caller_left);
}

TEST_F(FailureAfterTheHead, TheGapBetweenChunksIsBounded) {
  model_members_ = R"(,"stream_timeout":250)";
  Start();
  EXPECT_EQ(After([](UpstreamConnection& connection) {
              connection.Send(HttpChunk(": comments do not count\n\n"));
              EXPECT_TRUE(connection.WaitForClose());
            }),
            ": comments do not count\n\nevent: error\ndata: {\"error\":{\"message\":\"upstream request timed "
            "out after 250ms\","
            "\"type\":\"timeout\"}}\n\n");
}

TEST_F(ChatTest, ASlowReaderStopsTheReadingOfItsUpstream) {
  Start();
  const std::string event = ChunkEvent("alias", std::string(60'000, 'x'));
  std::string stream;
  for (int i = 0; i < 600; ++i) stream += HttpChunk(event);
  std::promise<size_t> taken;
  upstream_->Then([&](UpstreamConnection& connection) {
    connection.Send(EventStreamHead());
    const size_t first = connection.SendUntilBlocked(stream);
    taken.set_value(first);
    connection.Send(std::string_view(stream).substr(first));
    connection.Send(kLastHttpChunk);
  });
  ChatClient client(port_);
  client.Post(ChatBody(kStream));
  EXPECT_LT(taken.get_future().get(), stream.size()) << "36 MB went somewhere while nobody read them";
  const Response response = client.Receive();
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.body.size(), 600 * event.size() + std::string_view(kDone).size());
}

TEST_F(ChatTest, TheConnectionOfAFinishedStreamIsUsedAgain) {
  Start();
  for (int i = 0; i < 3; ++i) {
    upstream_->ThenSend(EventStream(ChunkEvent("m", "a") + kDone));
    EXPECT_TRUE(Post(ChatBody(kStream)).complete);
    TakeOutcome();
  }
  EXPECT_EQ(upstream_->connections(), 1u);
}

TEST_F(ChatTest, CopiesTheConfiguredReasoningField) {
  key_members_ = R"(,"response":{"reasoning_field":"delta.thoughts"})";
  Start();
  upstream_->ThenSend(
      EventStream("data: "
                  "{\"id\":\"c\",\"object\":\"o\",\"created\":1,\"model\":\"m\",\"choices\":[{\"delta\":{"
                  "\"thoughts\":\"t\"}}]}\n\n"));
  EXPECT_THAT(Post(ChatBody(kStream)).body, HasSubstr(R"("delta":{"thoughts":"t","reasoning_content":"t"})"));
}

}  // namespace
}  // namespace aisix::proxy
