#include "proxy_worker/providers/header_policy.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "test/unit/proxy_worker/parsed_head.h"

namespace aisix::proxy {
namespace {

class HeaderPolicyTest : public testing::Test {
 protected:
  HeaderPolicyTest() {
    SetCallerName("Ann");
    auto document = std::make_shared<model::Model>();
    document->display_name = "fast";
    model_.id = "model-1";
    model_.document = document;
  }

  std::string Lines(const std::string& caller_lines = "") {
    const HeaderPolicy policy(rewrite_, "key-1", key_name_, "authorization: Bearer s\r\n",
                              {"authorization", "content-type", "x-aisix-request-id"},
                              {{"user-agent", "aisix/0.1"}, {"accept", "*/*"}});
    TemplateValues values;
    values.request_id = "req-1";
    values.caller = &caller_;
    values.model = &model_;
    std::string out;
    const ParsedHead head(caller_lines);
    policy.AppendLines(values, head.headers(), out);
    is_static_ = policy.is_static();
    if (is_static_) {
      EXPECT_EQ(out, policy.lines());
    }
    return out;
  }

  void SetCallerName(const std::string& name) {
    model::ApiKey document;
    document.display_name = name;
    document.team_id = "team-7";
    caller_ = CallerKey(1, "caller-1", document, std::make_shared<const CallerGrants>(), {});
  }

  model::RequestRewrite rewrite_;
  std::string key_name_ = "main key";
  CallerKey caller_;
  Model model_;
  bool is_static_ = false;
};

constexpr char kOwn[] = "authorization: Bearer s\r\n";
constexpr char kFallbacks[] = "user-agent: aisix/0.1\r\naccept: */*\r\n";

TEST_F(HeaderPolicyTest, WithoutConfigurationNothingOfTheCallerPasses) {
  EXPECT_EQ(Lines("user-agent: curl\r\nanthropic-beta: x\r\nx-custom: 1\r\n"),
            std::string(kOwn) + kFallbacks);
  EXPECT_TRUE(is_static_);
}

TEST_F(HeaderPolicyTest, SetsOperatorHeaders) {
  rewrite_.default_headers = {
      {"X-Team", "red"}, {"traceparent", "00-a"}, {"Accept", "text/plain"}, {"x-empty", ""}};
  EXPECT_EQ(
      Lines(),
      std::string(kOwn) +
          "x-team: red\r\ntraceparent: 00-a\r\naccept: text/plain\r\nx-empty: \r\nuser-agent: aisix/0.1\r\n");
  EXPECT_TRUE(is_static_);
}

TEST_F(HeaderPolicyTest, NobodySetsReservedHeaders) {
  rewrite_.default_headers = {{"Authorization", "x"},
                              {"x-api-key", "x"},
                              {"Cookie", "x"},
                              {"host", "x"},
                              {"content-type", "x"},
                              {"X-Aisix-Request-Id", "x"},
                              {"content-length", "1"},
                              {"Transfer-Encoding", "chunked"},
                              {"connection", "x"},
                              {"bad name", "x"},
                              {"x-line", "a\r\nb: c"},
                              {"x-nul", std::string("a\0b", 3)},
                              {"", "x"}};
  EXPECT_EQ(Lines(), std::string(kOwn) + kFallbacks);
}

TEST_F(HeaderPolicyTest, RendersTemplates) {
  rewrite_.default_headers = {
      {"x-a", "${request.id}/${ request.api_key.id }/${request.api_key.name}/${request.api_key.team_id}"},
      {"x-b", "${model.id}:${model.name}"},
      {"x-c", "<${provider_key.id} ${provider_key.name}>"}};
  EXPECT_EQ(Lines(), std::string(kOwn) + "x-c: <key-1 main key>\r\n" + kFallbacks +
                         "x-a: req-1/caller-1/Ann/team-7\r\nx-b: model-1:fast\r\n");
  EXPECT_FALSE(is_static_);
}

TEST_F(HeaderPolicyTest, DropsTemplatesThatCannotBeRendered) {
  rewrite_.default_headers = {{"x-open", "${request.id"},
                              {"x-unknown", "${secret}"},
                              {"x-empty", "a${}"},
                              {"x-absent", "${request.api_key.user_id}"},
                              {"x-noname", "${provider_key.name}"},
                              {"x-crlf", "${request.api_key.name}"}};
  key_name_ = "";
  SetCallerName("a\r\nx-evil: 1");
  EXPECT_EQ(Lines(), std::string(kOwn) + kFallbacks);
}

TEST_F(HeaderPolicyTest, ForwardsWhatPatternsAdmit) {
  rewrite_.forward_client_headers = {"Anthropic-*", "x-one"};
  EXPECT_EQ(Lines("ANTHROPIC-Beta: b1\r\nanthropic-beta: b2\r\nx-one: 1\r\nx-two: 2\r\n"),
            std::string(kOwn) + kFallbacks + "anthropic-beta: b1\r\nx-one: 1\r\n");
  rewrite_.forward_client_headers = {"a*b*"};
  EXPECT_EQ(Lines("aab: 1\r\na*b*: 2\r\n"), std::string(kOwn) + kFallbacks) << "two stars match nothing";
}

TEST_F(HeaderPolicyTest, SomeHeadersAreNeverForwarded) {
  rewrite_.forward_client_headers = {"*"};
  EXPECT_EQ(
      Lines("authorization: Bearer caller\r\nx-api-key: k\r\ncookie: c\r\naccept: a\r\n"
            "accept-encoding: br\r\ncontent-length: 5\r\ncontent-type: t\r\nexpect: e\r\nte: t\r\n"
            "traceparent: t\r\ntracestate: t\r\nx-aisix-routing-tags: t\r\nx-stainless-os: l\r\nset-cookie: "
            "c\r\n"
            "proxy-authorization: p\r\nx-goog-api-key: g\r\napi-key: a\r\nx-amz-date: d\r\nupgrade: u\r\n"),
      std::string(kOwn) + "accept: */*\r\nuser-agent: aisix/0.1\r\n");
}

TEST_F(HeaderPolicyTest, TheFirstWriterOfANameWins) {
  rewrite_.default_headers = {
      {"x-a", "operator"}, {"X-A", "again"}, {"x-t", "${request.id}"}, {"X-T", "static"}};
  rewrite_.forward_client_headers = {"x-*", "user-agent"};
  EXPECT_EQ(Lines("x-a: caller\r\nx-t: caller\r\nuser-agent: curl\r\nx-b: caller\r\n"),
            std::string(kOwn) +
                "x-a: operator\r\naccept: */*\r\nx-t: req-1\r\nuser-agent: curl\r\nx-b: caller\r\n");
}

}  // namespace
}  // namespace aisix::proxy
