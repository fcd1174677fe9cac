// Attempts: what is tried again, and what the caller gets when nothing helps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/unit/proxy_worker/chat/chat_fixture.h"

namespace aisix::proxy {
namespace {

using testing::HasSubstr;

TEST_F(ChatTest, TriesAgainAfterAServerError) {
  model_members_ = R"(,"retries":1)";
  Start();
  upstream_->ThenSend(JsonResponse(500, "{}"));
  upstream_->ThenSend(JsonResponse(200, Completion("gpt-up")));
  EXPECT_EQ(Post(ChatBody()).status, 200);
  const std::vector<std::string> requests = upstream_->requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0], requests[1]);
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.attempt.index, 1u);
  EXPECT_EQ(outcome.attempt.kind, usage::AttemptKind::kRetry);
}

TEST_F(ChatTest, ADirectModelIsTriedThreeTimesByDefault) {
  Start();
  for (int i = 0; i < 3; ++i)
    upstream_->ThenSend(JsonResponse(503, R"({"error":{"message":"secret"}})", "retry-after: 0\r\n"));
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body, R"({"error":{"message":"upstream returned 503","type":"upstream_error"}})");
  EXPECT_EQ(upstream_->requests().size(), 3u);
  EXPECT_EQ(TakeOutcome().attempt.error_class, usage::ErrorClass::kUpstreamStatus);
}

TEST_F(ChatTest, AClientErrorIsTriedOnce) {
  Start();
  upstream_->ThenSend(
      JsonResponse(429, R"({"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}})",
                   "retry-after: 7\r\n"));
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.body,
            R"({"error":{"message":"slow down","type":"upstream_error","code":"rate_limit_exceeded"}})");
  EXPECT_THAT(response.head, HasSubstr("retry-after: 7\r\n"));
  EXPECT_EQ(response.head.find("x-aisix-call-id"), std::string::npos);
  EXPECT_EQ(upstream_->requests().size(), 1u);
}

TEST_F(ChatTest, ARedirectIsNotFollowed) {
  model_members_ = R"(,"retries":0)";
  Start();
  upstream_->ThenSend("HTTP/1.1 307 T\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body, R"({"error":{"message":"upstream returned 307","type":"upstream_error"}})");
}

TEST_F(ChatTest, AnUnusableReplyIsADecodeError) {
  model_members_ = R"(,"retries":0)";
  Start();
  for (const char* body :
       {"<html>", "{}", R"({"id":"i","model":"m","choices":[{"message":{}}]})", "data: {}\n\n"}) {
    upstream_->ThenSend(JsonResponse(200, body));
    const Response response = Post(ChatBody());
    EXPECT_EQ(response.status, 502) << body;
    EXPECT_THAT(response.body, HasSubstr("upstream returned an unparseable body: ")) << body;
    EXPECT_THAT(response.body, HasSubstr("\"type\":\"upstream_decode_error\"")) << body;
  }
}

TEST_F(ChatTest, ATruncatedReplyIsATransportError) {
  model_members_ = R"(,"retries":0)";
  Start();
  upstream_->Then([](UpstreamConnection& connection) {
    connection.Send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"id\":");
    connection.Close();
  });
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("\"message\":\"transport error: "));
  EXPECT_THAT(response.body, HasSubstr("\"type\":\"transport_error\""));
}

TEST_F(ChatTest, ATimeoutIsNotTriedAgainByDefault) {
  model_members_ = R"(,"timeout":150)";
  Start();
  upstream_->Then([](UpstreamConnection& connection) { EXPECT_TRUE(connection.WaitForClose()); });
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 504);
  EXPECT_EQ(response.body,
            R"({"error":{"message":"upstream request timed out after 150ms","type":"timeout"}})");
  EXPECT_EQ(upstream_->requests().size(), 1u);
}

TEST_F(ChatTest, ATimeoutIsTriedAgainWhenTheModelCountsRetries) {
  model_members_ = R"(,"timeout":200,"retries":1)";
  Start();
  upstream_->Then([](UpstreamConnection& connection) {
    connection.Send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{");
    EXPECT_TRUE(connection.WaitForClose()) << "the budget bounds the whole exchange";
    connection.Close();
  });
  upstream_->ThenSend(JsonResponse(200, Completion("gpt-up")));
  EXPECT_EQ(Post(ChatBody()).status, 200);
}

TEST_F(ChatTest, NobodyListeningIsATransportError) {
  model_members_ = R"(,"retries":0)";
  Start();
  const uint16_t port = upstream_->port();
  upstream_.reset();
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("error sending request for url (http://127.0.0.1:" +
                                       std::to_string(port) + "/v1/chat/completions): "));
  EXPECT_FALSE(TakeOutcome().attempt.reached_upstream);
}

TEST_F(ChatTest, StreamsAreTriedAgainBeforeTheHead) {
  model_members_ = R"(,"retries":1)";
  Start();
  upstream_->ThenSend(JsonResponse(500, "{}"));
  upstream_->ThenSend(EventStream(ChunkEvent("m", "a") + "data: [DONE]\n\n"));
  EXPECT_EQ(Post(ChatBody(R"(,"stream":true)")).body, ChunkEvent("alias", "a") + "data: [DONE]\n\n");
}

// The model's own stream budget: the first chunk is awaited, so that its failure is an ordinary error.
TEST_F(ChatTest, TheFirstChunkRuleAllowsRetries) {
  model_members_ = R"(,"retries":3,"stream_timeout":400)";
  Start();
  upstream_->ThenSend(EventStream(": nothing but a comment\n\n"));
  upstream_->ThenSend(EventStream("data: {\"error\":{\"message\":\"no\",\"code\":503}}\n\n"));
  upstream_->ThenSend(EventStream("data: broken\n\n"));
  upstream_->ThenSend(EventStream(ChunkEvent("m", "a")));
  const Response response = Post(ChatBody(R"(,"stream":true)"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, ChunkEvent("alias", "a") + "data: [DONE]\n\n");
  EXPECT_EQ(upstream_->requests().size(), 4u);
}

TEST_F(ChatTest, TheFirstChunkRuleGivesErrorsTheirStatus) {
  model_members_ = R"(,"retries":0,"stream_timeout":300)";
  Start();
  upstream_->ThenSend(EventStream("data: {\"error\":{\"message\":\"limit\",\"code\":429}}\n\n"));
  Response response = Post(ChatBody(R"(,"stream":true)"));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.body, R"({"error":{"message":"limit","type":"upstream_error"}})");
  upstream_->ThenSend(EventStream("data: [DONE]\n\n"));
  response = Post(ChatBody(R"(,"stream":true)"));
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body,
            R"({"error":{"message":"upstream cancelled the response mid-stream","type":"stream_aborted"}})");
  upstream_->Then([](UpstreamConnection& connection) {
    connection.Send(EventStreamHead());
    EXPECT_TRUE(connection.WaitForClose());
  });
  response = Post(ChatBody(R"(,"stream":true)"));
  EXPECT_EQ(response.status, 504);
}

}  // namespace
}  // namespace aisix::proxy
