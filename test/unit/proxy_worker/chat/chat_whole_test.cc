// Whole answers: what the provider gets, what the caller gets, what is recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "test/unit/proxy_worker/chat/chat_fixture.h"

namespace aisix::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(ChatTest, RelaysACompletion) {
  Start();
  upstream_->ThenSend(
      JsonResponse(200, Completion("gpt-up-2024"), "x-ratelimit-remaining: 1\r\nserver: nginx\r\n"));
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, Completion("alias"));
  EXPECT_THAT(response.head, HasSubstr("content-type: application/json\r\n"));
  EXPECT_THAT(response.head, HasSubstr("x-aisix-request-id: request-1\r\n"));
  EXPECT_THAT(response.head, HasSubstr("x-aisix-call-id: request-1\r\n"));
  EXPECT_THAT(response.head, Not(HasSubstr("ratelimit"))) << "the provider's fields are not relayed";
  EXPECT_THAT(response.head, Not(HasSubstr("nginx")));

  EXPECT_THAT(UpstreamHead(), testing::StartsWith("POST /v1/chat/completions HTTP/1.1\r\n"));
  for (const char* line :
       {"authorization: Bearer sk-up\r\n", "content-type: application/json\r\n", "accept: */*\r\n",
        "x-aisix-request-id: request-1\r\n", "user-agent: aisix/0.1\r\n", "accept-encoding: gzip\r\n"}) {
    EXPECT_THAT(UpstreamHead(), HasSubstr(line));
  }
  EXPECT_EQ(UpstreamBody(), R"({"model":"gpt-up","messages":[{"role":"user","content":"hi"}]})");

  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.phase, ResponsePhase::kBuffered);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.upstream_model, "gpt-up");
  EXPECT_EQ(outcome.provider_request_id, "c-1");
  EXPECT_EQ(outcome.provider_model, "gpt-up-2024");
  EXPECT_EQ(outcome.finish_reason, "stop");
  EXPECT_EQ(outcome.tokens.prompt, 3u);
  EXPECT_EQ(outcome.tokens.completion, 1u);
  EXPECT_EQ(outcome.tokens.total, 4u);
  EXPECT_TRUE(outcome.attempt.reached_upstream);
}

TEST_F(ChatTest, PassesEverythingElseByteForByte) {
  Start();
  const std::string members =
      R"(,"n":2,"logprobs":true,"temperature":0.70,"seed":1e3,"tools":[{"type":"function","function":{"name":"f","parameters":{"model":"x"}}}],"metadata":{"k":"\u00e9\ud83d\ude00\/"},"unknown":[ null , {} ],"seed":2)";
  const std::string reply =
      R"({ "id" : "c-1", "object":"chat.completion","created":17,"model" :"gpt-up","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"model\":\"x\"}"}}],"refusal":null},"logprobs":{"content":[{"token":"\u00e9","logprob":-0.10}]},"finish_reason":"tool_calls"},{"index":1,"message":{"role":"assistant","content":"caf\u00e9 \ud83d"},"finish_reason":"stop"}],"service_tier":"default","x":{"model":"y"}})";
  upstream_->ThenSend(JsonResponse(200, reply));
  const Response response = Post(ChatBody(members));
  std::string expected = reply;
  expected.replace(expected.find("\"gpt-up\""), 8, "\"alias\"");
  EXPECT_EQ(response.body, expected);
  EXPECT_EQ(UpstreamBody(),
            R"({"model":"gpt-up","messages":[{"role":"user","content":"hi"}])" + members + "}");
}

TEST_F(ChatTest, CarriesALargePromptUnchanged) {
  Start();
  std::string text;
  std::mt19937 random(3);
  while (text.size() < 10'000'000) {
    text.append("abc \\n \\u00e9 \xC3\xBC \xF0\x9F\x98\x80 ").append(std::to_string(random()));
  }
  const std::string rest = R"(","messages":[{"role":"user","content":")" + text + R"("}],"user":"u"})";
  upstream_->ThenSend(JsonResponse(200, Completion("gpt-up")));
  EXPECT_EQ(Post(R"({"model":"alias)" + rest).status, 200);
  EXPECT_TRUE(UpstreamBody() == R"({"model":"gpt-up)" + rest) << "10 MB differ";
}

TEST_F(ChatTest, EchoesTheModelAsTheCallerWroteIt) {
  display_name_ = "my/*";
  model_name_ = "org-*-v1";
  Start();
  upstream_->ThenSend(JsonResponse(200, Completion("x")));
  const Response response = Post(R"({"model":"my\/caf\u00e9","messages":[{"role":"developer"}]})");
  EXPECT_THAT(response.body, HasSubstr(R"("model":"my\/caf\u00e9")"));
  EXPECT_EQ(UpstreamBody(), "{\"model\":\"org-caf\xC3\xA9-v1\",\"messages\":[{\"role\":\"developer\"}]}");
}

TEST_F(ChatTest, RefusesBodiesThatAreNoChatRequest) {
  Start();
  const std::string invalid =
      R"({"error":{"message":"request payload is invalid: invalid JSON request body","type":"invalid_request_error"}})";
  for (const char* body :
       {"", "{", R"({"model":"alias"})", R"({"model":"alias","model":"b","messages":[{"role":"user"}]})",
        R"({"model":"alias","messages":[{"role":"user"}]} x)",
        R"({"model":"alias","messages":[{"role":"wizard"}]})"}) {
    const Response response = Post(body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(response.body, invalid) << body;
  }
  EXPECT_EQ(
      Post(R"({"model":"alias","messages":[]})").body,
      R"({"error":{"message":"request payload is invalid: messages array must not be empty","type":"invalid_request_error"}})");
  EXPECT_EQ(Post(R"({"model":"no\"pe","messages":[{"role":"user"}]})").body,
            R"({"error":{"message":"model \"no\\\"pe\" not found","type":"model_not_found"}})");
  EXPECT_TRUE(upstream_->requests().empty());
}

TEST_F(ChatTest, KeysWithoutAnAdapterHaveNoDispatchPath) {
  provider_members_ = R"("provider":"groq")";
  Start();
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body,
            R"({"error":{"message":"no bridge registered for provider","type":"provider_unavailable"}})");
}

TEST_F(ChatTest, NamesTheAdapterThatIsNotBuilt) {
  provider_members_ = R"("provider":"x","adapter":"azure-openai")";
  Start();
  const Response response = Post(ChatBody());
  EXPECT_EQ(response.status, 501);
  EXPECT_THAT(response.body, HasSubstr("azure-openai"));
  EXPECT_THAT(response.body, HasSubstr("not_implemented"));
}

TEST_F(ChatTest, AppliesOverridesAndHeaderRules) {
  key_members_ =
      R"(,"request":{"param_renames":{"max_tokens":"max_completion_tokens"},"param_constraints":{"temperature_max":1},"default_body_fields":{"safe":true},"default_headers":{"x-model":"${model.name}"},"forward_client_headers":["x-tag"]},"response":{"content_list_to_string":true})";
  Start();
  upstream_->ThenSend(JsonResponse(200, Completion("gpt-up")));
  EXPECT_EQ(
      Post(
          R"({"model":"alias","max_tokens":5,"temperature":1.5,"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]})",
          "x-tag: 7\r\nx-other: 8\r\n")
          .status,
      200);
  EXPECT_EQ(
      UpstreamBody(),
      R"({"model":"gpt-up","max_completion_tokens":5,"temperature":1,"messages":[{"role":"user","content":"ab"}],"safe":true})");
  EXPECT_THAT(UpstreamHead(), HasSubstr("x-model: alias\r\n"));
  EXPECT_THAT(UpstreamHead(), HasSubstr("x-tag: 7\r\n"));
  EXPECT_THAT(UpstreamHead(), Not(HasSubstr("x-other")));
}

TEST_F(ChatTest, ReusesTheConnectionToTheProvider) {
  Start();
  for (int i = 0; i < 3; ++i) {
    upstream_->ThenSend(JsonResponse(200, Completion("gpt-up")));
    EXPECT_EQ(Post(ChatBody()).status, 200);
  }
  // Also after a refusal, whose body is read.
  upstream_->ThenSend(JsonResponse(400, std::string(100'000, 'x')));
  EXPECT_EQ(Post(ChatBody()).status, 400);
  upstream_->ThenSend(JsonResponse(200, Completion("gpt-up")));
  EXPECT_EQ(Post(ChatBody()).status, 200);
  EXPECT_EQ(upstream_->connections(), 1u);
}

}  // namespace
}  // namespace aisix::proxy
