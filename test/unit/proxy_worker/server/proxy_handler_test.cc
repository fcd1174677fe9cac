// The layers of spec 05 §1.2 over a real socket.
#include "proxy_worker/server/proxy_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/process_state.h"
#include "proxy_worker/pipeline/respond.h"
#include "test/unit/proxy_worker/server/gateway_fixture.h"

namespace aisix::proxy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kKey = "authorization: Bearer sk-1\r\n";
constexpr std::string_view kJsonKey = "authorization: Bearer sk-1\r\ncontent-type: application/json\r\n";

// Answers with the body it was sent.
async::Task<void> Echo(LoopContext& loop, RequestContext& context) {
  JsonBody body = co_await ReadJsonBody(loop, context);
  if (!body.ok()) {
    co_await RespondError(loop, context, body.error());
    co_return;
  }
  const std::array headers{http::Header{"content-type", "application/json"}};
  co_await Respond(loop, context, 200, headers, body.text());
}

class ProxyHandlerTest : public GatewayTest {
 protected:
  ProxyHandlerTest() { handlers_.chat_completions = &Echo; }
  void StartWithKey() {
    Start();
    const std::string hash = crypto::Sha256::Of("sk-1").ToHex();
    Put("api_keys", "key-1", R"({"key_hash":")" + hash + R"(","allowed_models":["*"]})");
    Publish();
  }
};

TEST_F(ProxyHandlerTest, ProbesFollowConfigurationAndDrain) {
  Start();
  EXPECT_THAT(Ask("GET", "/livez"), EndsWith("\r\n\r\nok"));
  std::string response = Ask("GET", "/readyz");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(response, EndsWith("[+]shutdown ok\n[-]config failed: not ready\nreadyz check failed"));
  Publish();
  response = Ask("GET", "/readyz?verbose");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(response, HasSubstr("content-type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(response, HasSubstr("x-content-type-options: nosniff\r\n"));
  EXPECT_THAT(response, EndsWith("[+]shutdown ok\n[+]config ok\nreadyz check passed\n"));
  EXPECT_THAT(Ask("HEAD", "/livez"), StartsWith("HTTP/1.1 200 "));

  process_.draining = true;
  loop_->Drain();
  response = Ask("GET", "/livez");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(response, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(Ask("GET", "/readyz"),
              EndsWith("[-]shutdown failed: draining\n[+]config ok\nreadyz check failed"));
}

TEST_F(ProxyHandlerTest, EveryResponseHasAnIdAndTheServersName) {
  StartWithKey();
  for (const char* target : {"/livez", "/nowhere", "/v1/models"}) {
    const std::string response = Ask("GET", target);
    EXPECT_THAT(response, HasSubstr("server: AISIX/9.9\r\n")) << target;
    EXPECT_THAT(response, testing::ContainsRegex("x-aisix-request-id: [0-9a-f-]{36}\r\n")) << target;
  }
  EXPECT_THAT(Ask("GET", "/livez", "x-aisix-request-id: my-id\r\n"),
              HasSubstr("x-aisix-request-id: my-id\r\n"));
  EXPECT_THAT(Ask("GET", "/livez", "x-aisix-request-id: with space\r\n"),
              Not(HasSubstr("x-aisix-request-id: with")));
  EXPECT_THAT(Ask("GET", "/livez", "x-request-id: other\r\n"), Not(HasSubstr("other")));
  // The parser's own refusals too.
  EXPECT_THAT(Exchange("GET / HTTP/1.1\r\n\r\n"), HasSubstr("x-aisix-request-id: "));
}

TEST_F(ProxyHandlerTest, UnknownPathsWrongMethodsAndTheTombstone) {
  StartWithKey();
  std::string response = Ask("GET", "/nowhere");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(response, HasSubstr("content-length: 0\r\n"));
  response = Ask("GET", "/v1/chat/completions");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(response, HasSubstr("allow: POST\r\n"));
  EXPECT_THAT(response, HasSubstr("content-length: 0\r\n"));
  EXPECT_THAT(Ask("OPTIONS", "/v1/files/f"), HasSubstr("allow: GET,HEAD,DELETE\r\n"));
  response = Ask("GET", "/passthrough/openai/v1/models");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 410 "));
  EXPECT_THAT(response, EndsWith(RenderOpenAi(EndpointRemoved())));
  EXPECT_THAT(Log(), Not(HasSubstr("path=\"/nowhere\"")));
  EXPECT_THAT(Log(), HasSubstr("path=\"/passthrough/openai/v1/models\" status=410"));
}

TEST_F(ProxyHandlerTest, EndpointsThatAreNotBuiltSaySoToKnownCallers) {
  StartWithKey();
  EXPECT_THAT(Post("/v1/embeddings", "{}"), StartsWith("HTTP/1.1 401 "));
  const std::string response = Post("/v1/embeddings", "{}", kJsonKey);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 501 "));
  EXPECT_THAT(response, HasSubstr(R"("type":"not_implemented")"));
  EXPECT_THAT(response, HasSubstr("/v1/embeddings"));
}

TEST_F(ProxyHandlerTest, Authentication) {
  StartWithKey();
  std::string response = Ask("GET", "/v1/models");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(response, EndsWith(RenderOpenAi(MissingCredential())));
  EXPECT_THAT(Ask("GET", "/v1/models", "x-api-key: nope\r\n"), EndsWith(RenderOpenAi(UnknownKey())));
  EXPECT_THAT(Ask("GET", "/v1/models", "x-api-key: sk-1\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Ask("GET", "/v1/models", kKey), HasSubstr(R"({"object":"list","data":[]})"));

  const std::string metrics = Metrics();
  EXPECT_THAT(
      metrics,
      HasSubstr(
          R"(aisix_auth_decisions_total{method="none",result="denied",reason="missing_credentials"} 1)"));
  EXPECT_THAT(
      metrics,
      HasSubstr(R"(aisix_auth_decisions_total{method="api_key",result="denied",reason="unknown_key"} 1)"));
  EXPECT_THAT(metrics,
              HasSubstr(R"(aisix_auth_decisions_total{method="api_key",result="allowed",reason="none"} 2)"));
  EXPECT_THAT(metrics, Not(HasSubstr("aisix_requests_total")));
  const std::string log = Log();
  EXPECT_THAT(log, HasSubstr("aisix::auth: rejected inbound request without a credential method=\"none\" "
                             "reason=\"missing_credentials\" http_method=\"GET\" path=\"/v1/models\""));
  EXPECT_THAT(log, HasSubstr("DEBUG"));
  EXPECT_THAT(log, HasSubstr("source_ip=\"127.0.0.1\""));
  EXPECT_THAT(log, Not(HasSubstr("proxy request completed")));
  EXPECT_THAT(log, Not(HasSubstr("nope")));
}

TEST_F(ProxyHandlerTest, AWithdrawnKeyIsLoggedLoudly) {
  Start();
  const std::string hash = crypto::Sha256::Of("sk-1").ToHex();
  Put("api_keys", "key-1", R"({"key_hash":")" + hash + R"(","allowed_models":["*"],"disabled":true})");
  Publish();
  EXPECT_THAT(Ask("GET", "/v1/models", kKey), EndsWith(RenderOpenAi(DisabledKey())));
  EXPECT_THAT(Log(), HasSubstr(" WARN "));
  EXPECT_THAT(Log(), HasSubstr("reason=\"key_disabled\""));
  EXPECT_THAT(Log(), HasSubstr("api_key_id=\"key-1\""));
}

TEST_F(ProxyHandlerTest, ADeclaredLengthAboveTheLimitWinsOverEverything) {
  config_.request_body_limit_bytes = 10;
  StartWithKey();
  std::string response = Post("/v1/chat/completions", "0123456789a");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(response, EndsWith(RenderOpenAi(BodyTooLarge(10))));
  EXPECT_THAT(Post("/v1/messages", "0123456789a"), EndsWith(RenderAnthropic(BodyTooLarge(10))));
  EXPECT_THAT(Post("/v1/chat/completions", "0123456789", kJsonKey), StartsWith("HTTP/1.1 200 "));

  const std::string metrics = Metrics();
  EXPECT_THAT(
      metrics,
      HasSubstr(
          R"(aisix_proxy_request_body_limit_rejections_total{endpoint="/v1/chat/completions",inbound_protocol="openai",outcome="completed"} 1)"));
  EXPECT_THAT(
      metrics,
      HasSubstr(
          R"(aisix_requests_total{provider="unknown",model="unresolved",status="413",outcome="client_error"} 2)"));
  EXPECT_THAT(Log(), HasSubstr("path=\"/v1/chat/completions\" status=413"));
  EXPECT_THAT(Log(), HasSubstr("aisix::body_limit: "));
  EXPECT_THAT(Log(), HasSubstr("declared_content_length=11 configured_limit_bytes=10 drained_bytes=11 "
                               "drain_outcome=\"completed\""));
}

TEST_F(ProxyHandlerTest, AChunkedBodyAboveTheLimitIsRefusedAfterAuthentication) {
  config_.request_body_limit_bytes = 10;
  StartWithKey();
  const std::string body = "b\r\n0123456789a\r\n0\r\n\r\n";
  const std::string head = "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n";
  EXPECT_THAT(Exchange(head + "\r\n" + body), StartsWith("HTTP/1.1 401 "));
  const std::string response = Exchange(head + std::string(kJsonKey) + "\r\n" + body);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(response, EndsWith(RenderOpenAi(BodyTooLarge(10))));
  EXPECT_THAT(Metrics(), Not(HasSubstr("body_limit_rejections")));
}

TEST_F(ProxyHandlerTest, ConflictingContentLengthsHaveTheirOwnAnswer) {
  StartWithKey();
  const std::string lines = "host: g\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}";
  const Error refusal = InvalidRequest("conflicting Content-Length headers");
  std::string response = Exchange("POST /v1/chat/completions HTTP/1.1\r\n" + lines);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(response, EndsWith(RenderOpenAi(refusal)));
  EXPECT_THAT(Exchange("POST /v1/messages HTTP/1.1\r\n" + lines), EndsWith(RenderAnthropic(refusal)));
}

TEST_F(ProxyHandlerTest, ConflictingContentLengthsAreRecorded) {
  StartWithKey();
  const std::string response = Exchange(
      "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\nx-aisix-request-id: "
      "twice\r\ncontent-length: 3\r\n\r\n{}");
  EXPECT_THAT(response, HasSubstr("x-aisix-request-id: twice\r\n"));
  const std::string metrics = Metrics();
  EXPECT_THAT(
      metrics,
      HasSubstr(
          R"(aisix_requests_total{provider="unknown",model="unresolved",status="400",outcome="client_error"} 1)"));
  EXPECT_THAT(
      metrics,
      HasSubstr(
          R"(aisix_proxy_in_flight_requests{endpoint="/v1/chat/completions",inbound_protocol="openai"} 0)"));
  EXPECT_THAT(Log(),
              HasSubstr("proxy request completed method=\"POST\" path=\"/v1/chat/completions\" status=400"));
  EXPECT_THAT(Log(),
              HasSubstr("request_id=\"twice\" error_kind=\"invalid_request_error\" error=\"request payload "
                        "is invalid: conflicting Content-Length headers\""));
}

TEST_F(ProxyHandlerTest, OtherBrokenHeadsAreNotRecorded) {
  StartWithKey();
  EXPECT_THAT(Exchange("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nhost: h\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Log(), Not(HasSubstr("proxy request completed")));
}

TEST_F(ProxyHandlerTest, ContentTypeOfJsonEndpoints) {
  StartWithKey();
  auto post = [this](const std::string& content_type) {
    std::string lines(kKey);
    if (!content_type.empty()) lines += "content-type: " + content_type + "\r\n";
    return Post("/v1/chat/completions", "{}", lines);
  };
  for (const char* good : {"application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"}) {
    EXPECT_THAT(post(good), EndsWith("\r\n\r\n{}")) << good;
  }
  for (const char* bad : {"", "text/plain", "application/jsonx", "application/+json", "text/x+json"}) {
    const std::string response = post(bad);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 400 ")) << bad;
    EXPECT_THAT(response, EndsWith(RenderOpenAi(InvalidJson()))) << bad;
  }
}

TEST_F(ProxyHandlerTest, ABrokenBodyIsAnInvalidRequest) {
  StartWithKey();
  const std::string response =
      Exchange("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n" +
               std::string(kJsonKey) + "\r\nzz\r\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(response, EndsWith(RenderOpenAi(InvalidRequest("failed to read request body"))));
}

TEST_F(ProxyHandlerTest, RequestsOfOneConnectionFollowEachOther) {
  StartWithKey();
  RawClient client(port_);
  const std::string one = "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 1\r\n" +
                          std::string(kJsonKey) + "\r\n";
  client.Send(one + "1" + one + "2" + "GET /livez HTTP/1.1\r\nhost: g\r\n\r\n");
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\n1"));
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\n2"));
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nok"));
}

TEST_F(ProxyHandlerTest, NewConfigurationIsServedOnOldConnections) {
  StartWithKey();
  RawClient client(port_);
  const std::string ask = "GET /v1/models HTTP/1.1\r\nhost: g\r\n" + std::string(kKey) + "\r\n";
  client.Send(ask);
  EXPECT_THAT(client.Receive(), HasSubstr(R"("data":[])"));
  Put("models", "m", R"({"display_name":"new","provider":"p","model_name":"u","provider_key_id":"x"})");
  Publish();
  client.Send(ask);
  EXPECT_THAT(client.Receive(), HasSubstr(R"("id":"new")"));
}

}  // namespace
}  // namespace aisix::proxy
