#include <gtest/gtest.h>

#include <string>

#include "proxy_worker/dialects/openai_chat/request.h"

namespace aisix::proxy::openai_chat {
namespace {

constexpr std::string_view kMessages = R"("messages":[{"role":"user","content":"hi"}])";

struct Text {
  std::string value;
  void Append(std::string_view text) { value.append(text); }
};

class RequestTest : public testing::Test {
 protected:
  bool Read(const std::string& body) {
    body_ = body;
    return ReadRequest(reader_, body_, view_);
  }
  // A body with the usual messages and `members`.
  bool ReadWith(const std::string& members) {
    return Read("{\"model\":\"m\"," + std::string(kMessages) + (members.empty() ? "" : ",") + members + "}");
  }
  bool ReadMessage(const std::string& message) {
    return Read(R"({"model":"m","messages":[{"role":"user"},)" + message + "]}");
  }
  std::string Edited(std::string_view model) {
    json::Splice splice;
    EditRequest(view_, model, splice);
    std::string out;
    splice.AppendText(out, body_);
    return out;
  }

  json::Reader reader_;
  std::string body_;
  RequestView view_;
};

TEST_F(RequestTest, ReadsWhatTheGatewayNeeds) {
  ASSERT_TRUE(Read(
      R"({"stream":true,"messages":[{"role":"user"}],"stream_options":{"include_usage":true},"model":"a"})"));
  EXPECT_EQ(view_.model.content(body_), "a");
  EXPECT_TRUE(view_.stream);
  EXPECT_TRUE(view_.has_stream_options);
  EXPECT_TRUE(view_.include_usage);
  EXPECT_TRUE(view_.has_messages);
  EXPECT_EQ(view_.messages.span.of(body_), R"([{"role":"user"}])");
  ASSERT_TRUE(Read(R"({"model":"a","messages":[],"stream":null,"stream_options":null})"));
  EXPECT_FALSE(view_.stream);
  EXPECT_TRUE(view_.has_stream_options);
  EXPECT_FALSE(view_.include_usage);
  EXPECT_FALSE(view_.has_messages);
}

TEST_F(RequestTest, UnescapesTheModelName) {
  ASSERT_TRUE(Read("{\"model\":\"gpt\\u002d4\\\"\"," + std::string(kMessages) + "}"));
  Text name;
  EXPECT_TRUE(view_.AppendModel(body_, name));
  EXPECT_EQ(name.value, "gpt-4\"");
  EXPECT_FALSE(Read("{\"model\":\"\\ud83d\"," + std::string(kMessages) + "}"));
}

TEST_F(RequestTest, AcceptsTheTypesOfTheSpecification) {
  for (const char* members :
       {"", R"("temperature":0.7,"top_p":null,"max_tokens":4294967295)",
        R"("temperature":null,"max_tokens":null)", R"("stream":false)", R"("stream_options":7)",
        R"("n":2,"logprobs":true,"tools":[{"a":[1,{}]}])", R"("stream_options":{"include_usage":"yes"})",
        R"("unknown":{"model":"x","stream":1})"}) {
    EXPECT_TRUE(ReadWith(members)) << members;
  }
}

TEST_F(RequestTest, RefusesOtherTypes) {
  for (const char* members :
       {R"("temperature":"1")", R"("top_p":true)", R"("max_tokens":-1)", R"("max_tokens":1.5)",
        R"("max_tokens":4294967296)", R"("max_tokens":"1")", R"("stream":1)", R"("stream":"true")",
        R"("x":01)", R"("x":"\x")", "\"x\":\"\xFF\""}) {
    EXPECT_FALSE(ReadWith(members)) << members;
  }
  for (const char* body :
       {"", "[]", "null", "{}", R"({"model":"a"})", R"({"messages":[{"role":"user"}]})",
        R"({"model":1,"messages":[]})", R"({"model":"a","messages":{}})", R"({"model":"a","messages":["x"]})",
        R"({"model":"a","messages":null})", R"({"model":"a","messages":[]} x)",
        R"({"model":"a","messages":[{"role":"user"}],})"}) {
    EXPECT_FALSE(Read(body)) << body;
  }
}

TEST_F(RequestTest, ChecksMessages) {
  for (const char* role : {"user", "system", "assistant", "tool", "developer", "u\\u0073er"}) {
    EXPECT_TRUE(ReadMessage(std::string(R"({"role":")") + role + "\"}")) << role;
  }
  for (const char* message :
       {R"({"role":"user","content":[{"type":"never_heard_of","x":1}]})",
        R"({"role":"tool","tool_call_id":"c"})",
        R"({"role":"assistant","content":null,"tool_calls":[{}],"name":null,"refusal":"r"})"}) {
    EXPECT_TRUE(ReadMessage(message)) << message;
  }
  for (const char* message :
       {"{}", R"({"role":"function"})", R"({"role":"User"})", R"({"role":7})", R"("user")",
        R"({"role":"user","name":1})", R"({"role":"tool","tool_call_id":[]})", "[]"}) {
    EXPECT_FALSE(ReadMessage(message)) << message;
  }
}

TEST_F(RequestTest, RefusesTwoReadingsOfOneMember) {
  for (const char* members :
       {R"("model":"b")", R"("mod\u0065l":"b")", R"("messages":[{"role":"user"}])",
        R"("stream":true,"stream":false)", R"("stre\u0061m":true)",
        R"("stream_options":{},"stream_options":{})", R"("temperature":1,"temperature":1)",
        R"("top_p":1,"t\u006fp_p":1)", R"("max_tokens":1,"max_tokens":1)", R"("max\u005ftokens":1)",
        R"("stream_options":{"include_usage":true,"include_usage":false})",
        R"("stream_options":{"include\u005fusage":true})"}) {
    EXPECT_FALSE(ReadWith(members)) << members;
  }
  for (const char* message :
       {R"({"role":"user","role":"system"})", R"({"role":"user","content":"a","content":"b"})",
        R"({"r\u006fle":"user"})", R"({"role":"user","cont\u0065nt":"a"})"}) {
    EXPECT_FALSE(ReadMessage(message)) << message;
  }
  EXPECT_TRUE(ReadWith(R"("seed":1,"seed":2,"s\u0065ed":3)"))
      << "members that nobody here reads are not judged";
}

TEST_F(RequestTest, EditsOnlyWhatMustChange) {
  ASSERT_TRUE(Read(
      R"( { "messages" : [ {"role":"user","content":"\u00e9\ud83d"} ], "model" : "a", "n":2e0 , "x":[ ] } )"));
  EXPECT_EQ(
      Edited("\"up/stream\""),
      R"( { "messages" : [ {"role":"user","content":"\u00e9\ud83d"} ], "model" : "up/stream", "n":2e0 , "x":[ ] } )");
}

TEST_F(RequestTest, AsksForUsageOnStreamsUnlessTheCallerSpokeAboutIt) {
  ASSERT_TRUE(ReadWith(R"("stream":true)"));
  EXPECT_EQ(
      Edited("\"u\""),
      R"({"model":"u","stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}],"stream":true})");
  ASSERT_TRUE(ReadWith(R"("stream":true,"stream_options":{"include_usage":false})"));
  EXPECT_EQ(
      Edited("\"u\""),
      R"({"model":"u","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":false}})");
  ASSERT_TRUE(ReadWith(R"("stream":false)"));
  EXPECT_EQ(Edited("\"u\""), R"({"model":"u","messages":[{"role":"user","content":"hi"}],"stream":false})");
}

}  // namespace
}  // namespace aisix::proxy::openai_chat
