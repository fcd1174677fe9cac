#include <gtest/gtest.h>

#include "proxy_worker/dialects/openai_chat/error.h"

namespace aisix::proxy::openai_chat {
namespace {

TEST(ErrorBody, TakesStringsAndNulls) {
  json::Reader reader;
  const auto error = ReadErrorBody(
      reader,
      R"({"error":{"message":"slow \u00e9 down","type":"requests","code":"rate_limit_exceeded","param":null,"x":1}})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "slow \xC3\xA9 down");
  EXPECT_EQ(error->type, "requests");
  EXPECT_EQ(error->code, "rate_limit_exceeded");
  EXPECT_EQ(error->param, "");
  EXPECT_TRUE(ReadErrorBody(reader, R"({"error":{}})"));
}

TEST(ErrorBody, IsSomethingElseOtherwise) {
  json::Reader reader;
  for (const char* body : {"", "<html>", "[]", "{}", R"({"error":"x"})", R"({"error":null})",
                           R"({"message":"x"})", R"({"error":{"message":"x","code":400}})",
                           R"({"error":{"message":["x"]}})", R"({"error":{"message":"x"}} trailing)"}) {
    EXPECT_FALSE(ReadErrorBody(reader, body)) << body;
  }
}

TEST(InBandError, TakesTheStatusFromANumericCode) {
  json::Reader reader;
  EXPECT_EQ(ReadInBandError(reader, R"({"error":{"message":"m","code":429}})")->status, 429);
  EXPECT_EQ(ReadInBandError(reader, R"({"error":{"message":"m","code":"503"}})")->status, 503);
  for (const char* code : {"399", "600", "\"overloaded\"", "null", "-429", "429.0"}) {
    const auto error =
        ReadInBandError(reader, std::string(R"({"error":{"message":"m","code":)") + code + "}}");
    ASSERT_TRUE(error) << code;
    EXPECT_FALSE(error->status) << code;
  }
  EXPECT_EQ(ReadInBandError(reader, R"({"error":{"message":"m","code":"overloaded"}})")->code, "overloaded");
}

TEST(InBandError, TakesTheKindFromTypeElseStatus) {
  json::Reader reader;
  EXPECT_EQ(ReadInBandError(reader, R"({"error":{"type":"a","status":"b"}})")->type, "a");
  EXPECT_EQ(ReadInBandError(reader, R"({"error":{"status":"b"}})")->type, "b");
  EXPECT_EQ(ReadInBandError(reader, R"({"error":"plain text"})")->message, "plain text");
  EXPECT_EQ(ReadInBandError(reader, R"({"error":{"status":"b"}})")->message, R"({"status":"b"})")
      << "without a message the object itself is shown";
  for (const char* payload : {"x", "{}", R"({"error":7})", R"({"error":null})", R"({"error":[]})"}) {
    EXPECT_FALSE(ReadInBandError(reader, payload)) << payload;
  }
}

TEST(Excerpt, CutsBetweenCharactersAndMarksTheCut) {
  EXPECT_EQ(Excerpt("short"), "short");
  EXPECT_EQ(Excerpt(std::string(1024, 'x')), std::string(1024, 'x'));
  EXPECT_EQ(Excerpt(std::string(1025, 'x')), std::string(1024, 'x') + "\xE2\x80\xA6");
  EXPECT_EQ(Excerpt(std::string(1023, 'x') + "\xC3\xBC"), std::string(1023, 'x') + "\xE2\x80\xA6");
  EXPECT_EQ(Excerpt("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_LE(Excerpt(std::string(5000, '\xFF')).size(), 1027u);
}

}  // namespace
}  // namespace aisix::proxy::openai_chat
