#include <gtest/gtest.h>

#include "proxy_worker/dialects/openai_chat/overrides.h"

namespace aisix::proxy::openai_chat {
namespace {

class OverridesTest : public testing::Test {
 protected:
  // "refused" when the body is.
  std::string Apply(std::string_view body, bool add_stream_options = false) {
    std::string out;
    return ApplyOverrides(reader_, body, "\"up\"", add_stream_options, overrides_, out) ? out : "refused";
  }
  json::Reader reader_;
  BodyOverrides overrides_;
};

TEST_F(OverridesTest, RenamesAndOverwritesTheTarget) {
  overrides_.renames = {{"max_tokens", "max_completion_tokens"}, {"a", "a"}};
  EXPECT_EQ(Apply(R"({"model":"m","max_tokens": 7 ,"a":1})"),
            R"({"model":"up","max_completion_tokens":7,"a":1})");
  EXPECT_EQ(Apply(R"({"max_completion_tokens":1,"max_tokens":7,"model":"m"})"),
            R"({"max_completion_tokens":7,"model":"up"})");
  EXPECT_EQ(Apply(R"({"model":"m","max_completion_tokens":1})"),
            R"({"model":"up","max_completion_tokens":1})");
}

TEST_F(OverridesTest, ARenameMayMoveTheModel) {
  overrides_.renames = {{"model", "deployment"}};
  EXPECT_EQ(Apply(R"({"model":"m","x":1})"), R"({"deployment":"up","x":1})");
}

TEST_F(OverridesTest, ClampsANumericTemperature) {
  overrides_.temperature_max = 1;
  overrides_.temperature_min = 0.25;
  EXPECT_EQ(Apply(R"({"temperature":1.7})"), R"({"temperature":1})");
  EXPECT_EQ(Apply(R"({"temperature":-3})"), R"({"temperature":0.25})");
  EXPECT_EQ(Apply(R"({"temperature":0.70})"), R"({"temperature":0.70})")
      << "within bounds it keeps its bytes";
  EXPECT_EQ(Apply(R"({"temperature":null})"), R"({"temperature":null})");
  overrides_.temperature_min = 2;
  EXPECT_EQ(Apply(R"({"temperature":1.5})"), R"({"temperature":2})") << "maximum first, then minimum";
}

TEST_F(OverridesTest, AddsDefaultsWhereTheMemberIsAbsent) {
  overrides_.defaults = {{"safe", "{\"on\":true}"}, {"temperature", "0.5"}, {"q\"", "1"}};
  EXPECT_EQ(Apply(R"({"model":"m","temperature":null})"),
            R"({"model":"up","temperature":null,"safe":{"on":true},"q\"":1})");
}

TEST_F(OverridesTest, RenamesComeBeforeDefaults) {
  overrides_.renames = {{"max_tokens", "limit"}};
  overrides_.defaults = {{"max_tokens", "5"}, {"limit", "6"}};
  EXPECT_EQ(Apply(R"({"max_tokens":1})"), R"({"limit":1,"max_tokens":5})");
}

TEST_F(OverridesTest, FlattensContentThatHasText) {
  overrides_.flatten_content = true;
  EXPECT_EQ(
      Apply(
          R"({"messages":[{"role":"user","content":[{"type":"text","text":"a\u00e9\n"},{"type":"image_url"},{"text":"b","type":"text"}]},)"
          R"({"role":"user","content":[{"type":"image_url","image_url":{}}]},{"role":"user","content":"s"},{"role":"user"}],"model":"m"})"),
      "{\"messages\":[{\"role\":\"user\",\"content\":\"a\xC3\xA9\\nb\"},"
      R"({"role":"user","content":[{"type":"image_url","image_url":{}}]},{"role":"user","content":"s"},{"role":"user"}],"model":"up"})");
}

TEST_F(OverridesTest, AddsStreamOptions) {
  overrides_.renames = {{"n", "count"}};
  EXPECT_EQ(Apply(R"({"model":"m","stream":true})", true),
            R"({"model":"up","stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(Apply("{}"), "{}");
}

TEST_F(OverridesTest, RefusesTwoReadingsOfAnOverriddenMember) {
  overrides_.renames = {{"from", "to"}};
  overrides_.defaults = {{"extra", "1"}};
  for (const char* body :
       {R"({"from":1,"from":2})", R"({"fr\u006fm":1})", R"({"to":1,"to":2})", R"({"extra":1,"extra":2})",
        R"({"\u0065xtra":1})", R"({"temperature":1,"t\u0065mperature":2})"}) {
    EXPECT_EQ(Apply(body), "refused") << body;
  }
  EXPECT_EQ(Apply(R"({"other":1,"other":2,"\ud83d":3})"), R"({"other":1,"other":2,"\ud83d":3,"extra":1})");
}

}  // namespace
}  // namespace aisix::proxy::openai_chat
