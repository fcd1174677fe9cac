// What is recorded about requests, seen from outside: metrics and lines of the log (spec 11 §3, §7, §8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <uv.h>

#include <array>

#include "lib/async/event.h"
#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/respond.h"
#include "test/unit/proxy_worker/server/gateway_fixture.h"

namespace aisix::proxy {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kLines =
    "authorization: Bearer sk-1\r\ncontent-type: application/json\r\nuser-agent: OpenAI/Python 1.50.0\r\n"
    "x-aisix-request-id: req-1\r\n";

// Plays a chat handler: the first word of the body is the model, the second what happens.
async::Task<void> Play(LoopContext& loop, RequestContext& context) {
  JsonBody body = co_await ReadJsonBody(loop, context);
  const std::string text(body.text());
  const size_t space = text.find(' ');
  const std::string action = text.substr(space + 1);
  context.requested_model = text.substr(0, space);
  context.match = context.snapshot.FindModel(context.requested_model);
  if (!context.match) {
    const Error error = ModelNotFound(context.requested_model);
    co_await RespondError(loop, context, error);
    co_return;
  }
  context.target = context.match.model;
  context.match.AppendUpstreamName(context.upstream_model);
  context.attempt.started_ns = uv_hrtime();
  context.attempt.reached_upstream = true;
  if (action == "hang") {
    async::Event left;
    auto hook = [&left] { left.Set(); };
    context.exchange.OnAbort(hook);
    co_await left.Wait();
    co_return;
  }
  if (action == "retry" || action == "fail") {
    context.attempt.status = 502;
    context.attempt.error_class = usage::ErrorClass::kUpstreamStatus;
    if (action == "fail") {
      const Error error = UpstreamServerError(503);
      co_await RespondError(loop, context, error);
      co_return;
    }
    RecordFailedAttempt(loop, context);
    context.attempt.reached_upstream = true;
  }
  context.tokens.prompt = 21;
  context.tokens.completion = 9;
  context.provider_request_id = "chatcmpl-1";
  context.provider_model = "upstream-2024";
  if (action.starts_with("stream")) {
    context.stream = true;
    context.attempt.time_to_first_token_ms = 120;
    if (!StartEventStream(loop, context, {})) co_return;
    const absl::Status written = co_await context.exchange.Write("data: {}\n\n");
    if (!written.ok() || action == "stream-left") context.caller_left = true;
    if (action == "stream-broken") {
      context.attempt.status = 502;
      context.attempt.error_class = usage::ErrorClass::kTransport;
    }
    (void)co_await context.exchange.Finish();
    co_return;
  }
  const std::array headers{http::Header{"content-type", "application/json"}};
  co_await Respond(loop, context, 200, headers, "{}");
}

class RecordingTest : public GatewayTest {
 protected:
  RecordingTest() {
    handlers_.chat_completions = &Play;
    config_.client_type_rules.clear();
  }
  void Begin() {
    Start();
    const std::string hash = crypto::Sha256::Of("sk-1").ToHex();
    Put("api_keys", "key-1",
        R"({"key_hash":")" + hash + R"(","allowed_models":["*"],"team_id":"team","user_name":"Ada"})");
    Put("provider_keys", "pk-1", R"({"display_name":"main key","api_key":"sk-secret","provider":"openai"})");
    Put("models", "m-1",
        R"({"display_name":"alias","provider":"openai","model_name":"gpt-up","provider_key_id":"pk-1",)"
        R"("cost":{"input_per_1k":1,"output_per_1k":2}})");
    Put("models", "m-2",
        R"({"display_name":"wild/*","provider":"openai","model_name":"up-*","provider_key_id":"pk-1"})");
    Publish();
  }
  std::string Chat(std::string_view text) { return Post("/v1/chat/completions", text, kLines); }
  // The value of a series, or "" when there is none.
  std::string Value(const std::string& series) const {
    const std::string text = Metrics();
    const size_t at = text.find(series + " ");
    if (at == std::string::npos) return "";
    const size_t from = at + series.size() + 1;
    return text.substr(from, text.find('\n', from) - from);
  }
};

constexpr std::string_view kU =
    R"(endpoint="/v1/chat/completions",inbound_protocol="openai",provider="openai",model="alias",)"
    R"(upstream_model="gpt-up",provider_key_id="pk-1",provider_key_name="main key",api_key_id="key-1",)"
    R"(team_id="team",user_id="unknown",user_name="Ada")";
constexpr std::string_view kD =
    R"({provider="openai",model="alias",upstream_model="gpt-up",provider_key_id="pk-1"})";

std::string WithU(std::string_view name, std::string_view more = "") {
  return std::string(name) + "{" + std::string(kU) + std::string(more) + "}";
}

TEST_F(RecordingTest, AnAnsweredRequest) {
  Begin();
  EXPECT_THAT(Chat("alias ok"), testing::StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(Value(R"(aisix_requests_total{provider="openai",model="alias",status="200",outcome="success"})"),
            "1");
  const std::string_view all = R"(,stream="false",is_fallback="false",status="200",outcome="success")";
  EXPECT_EQ(Value(WithU("aisix_proxy_requests_total", all)), "1");
  EXPECT_EQ(Value(WithU("aisix_llm_requests_total", all)), "1");
  EXPECT_EQ(Value(WithU("aisix_llm_request_duration_seconds_count",
                        R"(,stream="false",status="200",outcome="success")")),
            "1");
  EXPECT_THAT(Metrics(), Not(HasSubstr("aisix_proxy_failed_requests_total")));
  EXPECT_EQ(Value(WithU("aisix_llm_input_tokens_total")), "21");
  EXPECT_EQ(Value(WithU("aisix_llm_output_tokens_total")), "9");
  EXPECT_EQ(Value(WithU("aisix_llm_total_tokens_total")), "30");
  EXPECT_EQ(Value(WithU("aisix_llm_spend_micro_usd_total")), "39000");
  EXPECT_EQ(Value(R"(aisix_tokens_consumed_total{provider="openai",model="alias"})"), "30");
  EXPECT_EQ(
      Value(
          R"(aisix_llm_tokens_by_client_total{client_type="openai-python",model="alias",token_type="input"})"),
      "21");
  EXPECT_EQ(
      Value(
          R"(aisix_request_e2e_latency_seconds_count{env_id="unknown",endpoint="/v1/chat/completions",model="alias",provider="openai",status_class="2xx",streaming="false"})"),
      "1");
  EXPECT_THAT(Metrics(), Not(HasSubstr("aisix_request_ttft_seconds")));
  EXPECT_EQ(Value("aisix_deployment_requests_total" + std::string(kD)), "1");
  EXPECT_EQ(Value("aisix_deployment_success_responses_total" + std::string(kD)), "1");
  EXPECT_EQ(Value("aisix_deployment_state" + std::string(kD)), "0");
  EXPECT_EQ(
      Value(
          R"(aisix_usage_events_emitted_total{handler="chat",status_code="2xx",inbound_protocol="openai",model="alias",provider_key_id="pk-1",provider_key_name="main key"})"),
      "1");
  EXPECT_EQ(
      Value(
          R"(aisix_usage_event_drops_total{reason="sink_disabled",model="alias",provider_key_id="pk-1",provider_key_name="main key"})"),
      "1");
  EXPECT_EQ(
      Value(R"(aisix_proxy_in_flight_requests{endpoint="/v1/chat/completions",inbound_protocol="openai"})"),
      "0");

  const std::string log = Log();
  EXPECT_THAT(
      log,
      ContainsRegex(
          R"(Z  INFO request\{request_id=req-1\}: aisix_obs::access_log: proxy request completed method="POST" path="/v1/chat/completions" status=200 latency_ms=[0-9]+ provider="openai" model="alias" api_key_id="key-1" prompt_tokens=21 completion_tokens=9 total_tokens=30 request_id="req-1" provider_request_id="chatcmpl-1" zone=proxy)"));
  EXPECT_THAT(
      log,
      HasSubstr(
          R"(aisix_obs::usage: provider call completed request_id="req-1" provider_request_id="chatcmpl-1" attempt_index=0 attempt_kind="initial" handler="chat" status=200 requested_model="alias" provider_model_version="upstream-2024")"));
  EXPECT_THAT(log, Not(HasSubstr("sk-")));
}

TEST_F(RecordingTest, LaterRequestsAddToTheSameSeries) {
  Begin();
  for (int i = 0; i < 5; ++i) Chat("alias ok");
  EXPECT_EQ(Value(WithU("aisix_llm_input_tokens_total")), "105");
  EXPECT_EQ(Value(R"(aisix_requests_total{provider="openai",model="alias",status="200",outcome="success"})"),
            "5");
}

TEST_F(RecordingTest, WildcardsCollapse) {
  Begin();
  Chat("wild/a ok");
  Chat("wild/b ok");
  EXPECT_EQ(Value(R"(aisix_requests_total{provider="openai",model="wild/*",status="200",outcome="success"})"),
            "2");
  EXPECT_THAT(Metrics(), HasSubstr(R"(upstream_model="up-*")"));
  EXPECT_THAT(Metrics(), Not(HasSubstr("wild/a")));
  EXPECT_THAT(Log(), HasSubstr(R"(model="wild/a")"));
}

TEST_F(RecordingTest, AnUnknownModelNeverBecomesALabel) {
  Begin();
  Chat("evil ok");
  EXPECT_EQ(
      Value(
          R"(aisix_requests_total{provider="unknown",model="unresolved",status="404",outcome="client_error"})"),
      "1");
  EXPECT_THAT(Metrics(), HasSubstr("aisix_proxy_failed_requests_total"));
  EXPECT_THAT(Metrics(), Not(HasSubstr("evil")));
  EXPECT_THAT(Metrics(), Not(HasSubstr("aisix_deployment_requests_total")));
  EXPECT_THAT(
      Log(),
      ContainsRegex(
          R"(status=404 latency_ms=[0-9]+ model="evil" api_key_id="key-1" request_id="req-1" error_kind="model_not_found" error="model \\"evil\\" not found")"));
}

TEST_F(RecordingTest, AFailedAttemptAndItsRetry) {
  Begin();
  Chat("alias retry");
  EXPECT_EQ(Value("aisix_deployment_requests_total" + std::string(kD)), "2");
  EXPECT_EQ(Value("aisix_deployment_failure_responses_total" + std::string(kD)), "1");
  EXPECT_EQ(Value("aisix_deployment_success_responses_total" + std::string(kD)), "1");
  EXPECT_EQ(
      Value(
          R"(aisix_usage_events_emitted_total{handler="chat",status_code="5xx",inbound_protocol="openai",model="alias",provider_key_id="pk-1",provider_key_name="main key"})"),
      "1");
  EXPECT_THAT(Log(), HasSubstr(R"(attempt_index=1 attempt_kind="retry")"));
  EXPECT_EQ(Value(R"(aisix_requests_total{provider="openai",model="alias",status="200",outcome="success"})"),
            "1");
}

TEST_F(RecordingTest, UpstreamFailuresCountAgainstTheModelsHealth) {
  Begin();
  for (int i = 0; i < 4; ++i) Chat("alias fail");
  EXPECT_EQ(
      Value(R"(aisix_requests_total{provider="openai",model="alias",status="502",outcome="upstream_error"})"),
      "4");
  EXPECT_EQ(loop_->snapshots().current().FindModel("alias").model->health->Level(), 1);
  EXPECT_THAT(Log(), ContainsRegex(R"(status=502 latency_ms=[0-9]+ model="alias")"));
  Chat("alias ok");
  EXPECT_EQ(loop_->snapshots().current().FindModel("alias").model->health->Level(), 0);
}

TEST_F(RecordingTest, AStreamIsLoggedAtItsHeadAndCountedAtItsEnd) {
  Begin();
  EXPECT_THAT(Chat("alias stream"), HasSubstr("content-type: text/event-stream\r\n"));
  const std::string ttft =
      R"(aisix_request_ttft_seconds_bucket{env_id="unknown",endpoint="/v1/chat/completions",model="alias",provider="openai",status_class="2xx",streaming="true",le="0.25"})";
  Eventually([&] { return Value(ttft) == "1"; }, "time to first token");
  EXPECT_EQ(Value(WithU("aisix_llm_time_to_first_token_seconds_count")), "1");
  Eventually([&] { return Value(WithU("aisix_llm_total_tokens_total")) == "30"; }, "tokens");
  EXPECT_THAT(Log(), Not(HasSubstr("prompt_tokens")));
  EXPECT_THAT(
      Log(),
      ContainsRegex(
          R"(status=200 latency_ms=[0-9]+ provider="openai" model="alias" api_key_id="key-1" request_id="req-1" zone=)"));
}

TEST_F(RecordingTest, AnAbandonedStreamSays499InItsEventOnly) {
  Begin();
  Chat("alias stream-left");
  Eventually([this] { return Log().find("status=499") != std::string::npos; }, "provider call line");
  EXPECT_THAT(Log(), HasSubstr(R"(handler="chat" status=499)"));
  EXPECT_THAT(Metrics(), HasSubstr(R"(aisix_usage_events_emitted_total{handler="chat",status_code="4xx")"));
  EXPECT_EQ(Value(R"(aisix_requests_total{provider="openai",model="alias",status="200",outcome="success"})"),
            "1");
  EXPECT_THAT(Metrics(), Not(HasSubstr("client_cancelled")));
  EXPECT_THAT(Metrics(), HasSubstr(R"(status_class="2xx",streaming="true")"));
}

TEST_F(RecordingTest, AStreamThatBreaksIsAFailedAttempt) {
  Begin();
  Chat("alias stream-broken");
  Eventually([this] { return Value("aisix_deployment_failure_responses_total" + std::string(kD)) == "1"; },
             "failed attempt");
  EXPECT_THAT(Metrics(), HasSubstr(R"(aisix_usage_events_emitted_total{handler="chat",status_code="5xx")"));
}

TEST_F(RecordingTest, ACallerWhoLeavesBeforeTheHead) {
  Begin();
  {
    RawClient client(port_);
    client.Send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 10\r\n" +
                std::string(kLines) + "\r\nalias hang");
    Eventually(
        [this] {
          return Value(
                     R"(aisix_proxy_in_flight_requests{endpoint="/v1/chat/completions",inbound_protocol="openai"})") ==
                 "1";
        },
        "the request is in flight");
  }
  Eventually([this] { return Log().find("client_disconnected") != std::string::npos; }, "access line");
  EXPECT_THAT(
      Log(),
      ContainsRegex(
          R"(path="/v1/chat/completions" status=499 latency_ms=[0-9]+ provider="openai" model="alias" request_id="req-1" error_kind="client_disconnected" error="client closed the request before the response head was written")"));
  EXPECT_EQ(
      Value(
          R"(aisix_proxy_client_cancelled_requests_total{endpoint="/v1/chat/completions",model="alias",provider_key_id="pk-1",provider_key_name="main key"})"),
      "1");
  EXPECT_EQ(
      Value(R"(aisix_proxy_in_flight_requests{endpoint="/v1/chat/completions",inbound_protocol="openai"})"),
      "0");
  EXPECT_THAT(Metrics(), Not(HasSubstr("aisix_requests_total")));
  EXPECT_THAT(Metrics(), Not(HasSubstr("aisix_usage_events_emitted_total")));
}

}  // namespace
}  // namespace aisix::proxy
