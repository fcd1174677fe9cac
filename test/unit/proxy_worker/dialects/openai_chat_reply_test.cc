#include <gtest/gtest.h>

#include <string>

#include "proxy_worker/dialects/openai_chat/reply.h"

namespace aisix::proxy::openai_chat {
namespace {

constexpr char kChoice[] = R"("choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}])";

class ReplyTest : public testing::Test {
 protected:
  bool Read(const std::string& text, ReplyForm form = ReplyForm::kWhole) {
    text_ = text;
    form_ = form;
    return ReadReply(reader_, text_, form, path_, view_);
  }
  std::string Edited() {
    json::Splice splice;
    ReplyEdits edits;
    edits.model = "\"alias\"";
    EditReply(view_, text_, form_, 1735689600, edits, splice);
    std::string out;
    splice.AppendText(out, text_);
    return out;
  }
  // Edited whole reply with these `usage` members.
  std::string WithUsage(const std::string& usage) {
    EXPECT_TRUE(
        Read(R"({"object":"o","created":1,"id":"i","model":"alias","choices":[],"usage":{)" + usage + "}}"))
        << usage;
    const std::string edited = Edited();
    const size_t from = edited.find("\"usage\":{") + 9;
    return edited.substr(from, edited.size() - 2 - from);
  }
  // Edited chunk with these members in `delta`.
  std::string WithDelta(const std::string& delta) {
    EXPECT_TRUE(
        Read(R"({"object":"o","created":1,"id":"i","model":"alias","choices":[{"delta":{)" + delta + "}}]}",
             ReplyForm::kChunk))
        << delta;
    const std::string edited = Edited();
    const size_t from = edited.find("\"delta\":{") + 9;
    return edited.substr(from, edited.size() - 4 - from);
  }

  json::Reader reader_;
  ReasoningPath path_;
  ReplyForm form_ = ReplyForm::kWhole;
  std::string text_;
  ReplyView view_;
};

TEST_F(ReplyTest, ChangesTheModelAndNothingElse) {
  const std::string before =
      R"({ "id":"c-1","object":"chat.completion","created":1.5e9, "model" :"gpt-4o-2024","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"\ud83d\u00e9","refusal":null,"annotations":[]},"logprobs":{"content":[]},"finish_reason":"stop"},)"
      R"({"index":1,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"t","function":{"arguments":"{\"model\":1}"}}]},"finish_reason":"tool_calls"}],)"
      R"("usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"x":[]},"service_tier":"default","system_fingerprint":null} )";
  ASSERT_TRUE(Read(before)) << view_.defect;
  std::string expected = before;
  expected.replace(expected.find("\"gpt-4o-2024\""), 13, "\"alias\"");
  EXPECT_EQ(Edited(), expected);
  EXPECT_EQ(view_.id.content(text_), "c-1");
  EXPECT_EQ(view_.model.content(text_), "gpt-4o-2024");
  EXPECT_EQ(view_.finish_reason.content(text_), "stop");
}

TEST_F(ReplyTest, ChangesEveryOccurrenceOfTheModel) {
  ASSERT_TRUE(Read(std::string(R"({"object":"o","created":1,"id":"i","model":"a","mod\u0065l":"b",)") +
                   kChoice + "}"));
  EXPECT_EQ(Edited(),
            std::string(R"({"object":"o","created":1,"id":"i","model":"alias","mod\u0065l":"alias",)") +
                kChoice + "}");
}

TEST_F(ReplyTest, AddsMembersThatClientsOfTheReferenceFind) {
  ASSERT_TRUE(Read(std::string(R"({"id":"i","model":"a",)") + kChoice + "}"));
  EXPECT_EQ(Edited(),
            std::string(R"({"object":"chat.completion","created":1735689600,"id":"i","model":"alias",)") +
                kChoice + "}");
  ASSERT_TRUE(Read(R"({"id":"i","created":2,"model":"a","choices":[]})", ReplyForm::kChunk));
  EXPECT_EQ(Edited(),
            R"({"object":"chat.completion.chunk","id":"i","created":2,"model":"alias","choices":[]})");
}

TEST_F(ReplyTest, WantsTheMembersOfACompletion) {
  for (const char* text :
       {R"({"model":"a","choices":[]})", R"({"id":"i","choices":[]})", R"({"id":"i","model":"a"})",
        R"({"id":1,"model":"a","choices":[]})", R"({"id":"i","model":null,"choices":[]})",
        R"({"id":"i","model":"a","choices":{}})", R"({"id":"i","model":"a","choices":[1]})",
        R"({"id":"i","model":"a","choices":[{}]})", R"({"id":"i","model":"a","choices":[{"message":null}]})",
        R"({"id":"i","model":"a","choices":[{"message":{"content":"x"}}]})",
        R"({"id":"i","model":"a","choices":[{"message":{"role":null}}]})", "[]", "\"x\"",
        R"({"id":"i","model":"a","choices":[],"usage":7})",
        R"({"id":"i","model":"a","choices":[],"usage":{"prompt_tokens":null}})",
        R"({"id":"i","model":"a","choices":[],"usage":{"total_tokens":4294967296}})"}) {
    EXPECT_FALSE(Read(text)) << text;
    EXPECT_TRUE(view_.valid_json) << text;
    EXPECT_FALSE(view_.defect.empty()) << text;
  }
  for (const char* text : {"", "<html>", R"({"id":"i","model":"a","choices":[])", "data: x"}) {
    EXPECT_FALSE(Read(text)) << text;
    EXPECT_FALSE(view_.valid_json) << text;
  }
}

TEST_F(ReplyTest, WantsTheMembersOfAChunk) {
  EXPECT_TRUE(Read(R"({"id":"","model":"","choices":[]})", ReplyForm::kChunk));
  EXPECT_TRUE(Read(R"({"id":"i","model":"a","choices":[{"delta":{}}],"usage":{"prompt_tokens":null}})",
                   ReplyForm::kChunk));
  for (const char* text :
       {R"({"id":"i","model":"a","choices":[{}]})", R"({"id":"i","model":"a","choices":[{"delta":1}]})",
        R"({"model":"a","choices":[]})", R"({"error":{"message":"m"}})"}) {
    EXPECT_FALSE(Read(text, ReplyForm::kChunk)) << text;
  }
}

TEST_F(ReplyTest, ExtractsUsage) {
  WithUsage(
      R"("prompt_tokens":10,"completion_tokens":20,"total_tokens":99,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":1},"completion_tokens_details":{"reasoning_tokens":5})");
  usage::TokenCounts expected;
  expected.prompt = 10;
  expected.completion = 20;
  expected.total = 99;
  expected.cached_prompt = 4;
  expected.reasoning = 5;
  EXPECT_TRUE(view_.usage.present);
  EXPECT_EQ(view_.usage.tokens, expected);
  WithUsage(
      R"("prompt_tokens_details":null,"completion_tokens_details":null,"prompt_cache_hit_tokens":null)");
  EXPECT_TRUE(view_.usage.tokens.Empty());
  ASSERT_TRUE(Read(R"({"id":"i","model":"a","choices":[],"usage":null})"));
  EXPECT_FALSE(view_.usage.present);
}

TEST_F(ReplyTest, ShowsCachedTokensWhereClientsLookForThem) {
  EXPECT_EQ(WithUsage(R"("prompt_cache_hit_tokens":7)"),
            R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"cached_tokens":7})");
  EXPECT_EQ(view_.usage.tokens.cached_prompt, 7u);
  EXPECT_EQ(WithUsage(R"("prompt_tokens_details":null,"prompt_cache_hit_tokens":7)"),
            R"("prompt_tokens_details":{"cached_tokens":7},"prompt_cache_hit_tokens":7)");
  EXPECT_EQ(WithUsage(R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{})"),
            R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"cached_tokens":7})");
  EXPECT_EQ(WithUsage(R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"a":1})"),
            R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"cached_tokens":7,"a":1})");
  EXPECT_EQ(WithUsage(R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"cached_tokens":0})"),
            R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"cached_tokens":7})");
  for (const char* same : {R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"cached_tokens":7})",
                           R"("prompt_cache_hit_tokens":7,"prompt_tokens_details":{"cached_tokens":5})",
                           R"("prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":3)"}) {
    EXPECT_EQ(WithUsage(same), same);
  }
}

TEST_F(ReplyTest, CopiesReasoningToWhereClientsLookForIt) {
  EXPECT_EQ(WithDelta(R"("reasoning":"a\"b","x":1)"),
            R"("reasoning":"a\"b","x":1,"reasoning_content":"a\"b")");
  EXPECT_EQ(WithDelta(R"("reasoning_content":"","reasoning":"r")"),
            R"("reasoning_content":"r","reasoning":"r")");
  EXPECT_EQ(WithDelta(R"("reasoning":"r","reasoning_content":null)"),
            R"("reasoning":"r","reasoning_content":"r")");
  for (const char* same :
       {R"("reasoning":"r","reasoning_content":"c")", R"("reasoning":"")", R"("reasoning":{"a":1})", ""}) {
    EXPECT_EQ(WithDelta(same), same);
  }
  ASSERT_TRUE(Read(
      R"({"object":"o","created":1,"id":"i","model":"alias","choices":[{"message":{"role":"a","reasoning":"r"}},{"message":{"role":"b","reasoning":"s"}}]})"));
  EXPECT_EQ(
      Edited(),
      R"({"object":"o","created":1,"id":"i","model":"alias","choices":[{"message":{"role":"a","reasoning":"r","reasoning_content":"r"}},{"message":{"role":"b","reasoning":"s","reasoning_content":"s"}}]})");
}

TEST_F(ReplyTest, CopiesTheConfiguredReasoningField) {
  path_ = ReasoningPath("delta.provider..thinking");
  EXPECT_EQ(WithDelta(R"("provider":{"thinking":"t","x":1})"),
            R"("provider":{"thinking":"t","x":1},"reasoning_content":"t")");
  EXPECT_EQ(WithDelta(R"("reasoning_content":"old","provider":{"thinking":"t"})"),
            R"("reasoning_content":"t","provider":{"thinking":"t"})");
  EXPECT_EQ(WithDelta(R"("provider":{"thinking":""},"reasoning":"r")"),
            R"("provider":{"thinking":""},"reasoning":"r","reasoning_content":"r")");
  EXPECT_EQ(WithDelta(R"("provider":"thinking")"), R"("provider":"thinking")");
  path_ = ReasoningPath("delta.reasoning");
  EXPECT_EQ(WithDelta(R"("reasoning":"r","reasoning_content":"old")"),
            R"("reasoning":"r","reasoning_content":"r")");
}

TEST(ReasoningPathTest, WantsDeltaAndAMember) {
  for (const char* field :
       {"", "delta", "delta.", "delta..", "message.reasoning", "reasoning", "delta.reasoning_content"}) {
    EXPECT_TRUE(ReasoningPath(field).empty()) << field;
  }
  EXPECT_EQ(ReasoningPath("delta.a..b.").segments(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(ReplyTest, TellsUsageOnlyChunks) {
  const auto usage_only = [&](const std::string& choices, const std::string& usage) {
    EXPECT_TRUE(Read(R"({"id":"i","model":"a","choices":)" + choices + usage + "}", ReplyForm::kChunk));
    return view_.UsageOnly();
  };
  const std::string usage = R"(,"usage":{"prompt_tokens":1})";
  EXPECT_TRUE(usage_only("[]", usage));
  EXPECT_TRUE(usage_only(R"([{"delta":{},"finish_reason":null}])", usage));
  EXPECT_TRUE(usage_only(R"([{"delta":{"content":null}}])", usage));
  EXPECT_FALSE(usage_only("[]", ""));
  EXPECT_FALSE(usage_only("[]", R"(,"usage":null)"));
  EXPECT_FALSE(usage_only(R"([{"delta":{},"finish_reason":"stop"}])", usage));
  EXPECT_FALSE(usage_only(R"([{"delta":{"content":"x"}}])", usage));
  EXPECT_FALSE(usage_only(R"([{"delta":{}},{"delta":{"role":"assistant"}}])", usage));
}

}  // namespace
}  // namespace aisix::proxy::openai_chat
