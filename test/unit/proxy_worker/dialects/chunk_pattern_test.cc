// Chunks that are relayed by a pattern give what they give when each is read for itself.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "lib/async/loop.h"
#include "proxy_worker/dialects/openai_chat/stream.h"

namespace aisix::proxy::openai_chat {
namespace {

class Observer : public StreamObserver {
 public:
  void OnId(std::string_view id) override { seen += "id " + std::string(id) + "\n"; }
  void OnModel(std::string_view model) override { seen += "model " + std::string(model) + "\n"; }
  void OnFinishReason(std::string_view reason) override { seen += "reason " + std::string(reason) + "\n"; }
  std::string seen;
};

struct Outcome {
  std::string out;
  std::string seen;
  StreamRelay::State state = StreamRelay::State::kOpen;
  std::string defect;
  uint64_t chunks = 0;
  uint64_t forwarded = 0;
  uint64_t completion = 0;
};

std::string Event(const std::string& delta, const std::string& model = "gpt",
                  const std::string& behind = "") {
  return R"(data: {"id":"c1","object":"chat.completion.chunk","created":17,"model":")" + model +
         R"(","choices":[{"index":0,"delta":)" + delta + R"(,"logprobs":null,"finish_reason":null}])" +
         behind + "}\n\n";
}
std::string Content(const std::string& text, const std::string& model = "gpt") {
  return Event(R"({"content":")" + text + "\"}", model);
}

class ChunkPatternTest : public testing::Test {
 protected:
  Outcome Relay(const std::vector<std::string>& pieces) {
    Observer observer;
    StreamRules rules;
    rules.model = "\"alias\"";
    rules.forward_usage_only = false;
    rules.reasoning_path = &path_;
    StreamRelay relay(reader_, scratch_, loop_.buffers(), rules, observer);
    ByteBuffer out(loop_.buffers());
    for (const std::string& piece : pieces) relay.Feed(piece, 99, out);
    return Outcome{std::string(out.view()),     observer.seen,  relay.state(),
                   std::string(relay.defect()), relay.chunks(), relay.forwarded(),
                   relay.tokens().completion};
  }
  // Whether the last of these events, which come together, was relayed by the pattern of the one before. Each
  // is read for itself too, which must give the same.
  bool ByPattern(const std::vector<std::string>& events) {
    std::string all;
    std::string expected;
    std::string said;
    uint64_t forwarded = 0;
    for (const std::string& event : events) {
      all += event;
      const Outcome alone = Relay({event});
      expected += alone.out;
      forwarded += alone.forwarded;
      said = alone.seen;
    }
    const Outcome together = Relay({all});
    EXPECT_EQ(together.out, expected) << all;
    EXPECT_EQ(together.forwarded, forwarded) << all;
    EXPECT_EQ(together.chunks, events.size());
    const Outcome before = Relay({all.substr(0, all.size() - events.back().size())});
    // A chunk that was read is told about.
    EXPECT_FALSE(said.empty());
    return together.seen == before.seen;
  }

  async::Loop loop_;
  json::Reader reader_;
  ReplyScratch scratch_;
  ReasoningPath path_;
};

TEST_F(ChunkPatternTest, ServesWhereOnlyUnreadStringsDiffer) {
  for (const std::string text : {"", "a", " token", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80",
                                 R"(\"quoted\" \\ \u00e9\n)", "a long text that fills more than one word"}) {
    EXPECT_TRUE(ByPattern({Content("first"), Content(text)})) << text;
    EXPECT_TRUE(ByPattern({Content(text), Content("first")})) << text;
    EXPECT_TRUE(ByPattern({Content(""), Content("x"), Content(text), Content("first")})) << text;
  }
  EXPECT_TRUE(ByPattern({Content("equal"), Content("equal")}));
  EXPECT_TRUE(ByPattern({Content("a", "alias"), Content("b", "alias")}));
  EXPECT_TRUE(ByPattern({Event(R"({"reasoning_content":"so"})"), Event(R"({"reasoning_content":""})")}));
}

TEST_F(ChunkPatternTest, FollowsSeveralStringsAnywhere) {
  const auto tool = [](const std::string& arguments, const std::string& noise) {
    return Event(R"({"tool_calls":[{"index":0,"function":{"arguments":")" + arguments + "\"}}]}", "gpt",
                 R"(,"obfuscation":")" + noise + "\"");
  };
  EXPECT_TRUE(ByPattern({tool("{", "abc"), tool(R"(\"city\")", "de"), tool("}", "fghij"), tool("", "")}));
  // Before the model's name too.
  const auto early = [](const std::string& noise, const std::string& text) {
    return R"(data: {"id":"c1","object":"o","created":1,"noise":")" + noise +
           R"(","model":"gpt","choices":[{"delta":{"content":")" + text + "\"}}]}\r\n\r\n";
  };
  EXPECT_TRUE(ByPattern({early("1", "one"), early("", "two"), early("333", "")}));
}

TEST_F(ChunkPatternTest, IsNoneForWhatIsReadOrNotTheSame) {
  const std::string first = Content("first");
  const auto differs = [&](const std::string& second) { EXPECT_FALSE(ByPattern({first, second})) << second; };
  differs(Content("a", "other"));
  differs(Event(R"({"content":null})"));
  differs(Event(R"({"content":1})"));
  differs(Event(R"({"content":"a","role":"assistant"})"));
  differs(Event(R"({"content":"a"})", "gpt", R"(,"service_tier":"default")"));
  differs("data: {\"id\":\"c2\"" + first.substr(first.find(",\"object\"")));
  differs(": comment\n" + Content("a"));
  differs("id: 1\n" + Content("a"));
  // Edited elsewhere than in the model's name.
  EXPECT_FALSE(ByPattern({Event(R"({"reasoning":"a"})"), Event(R"({"reasoning":"b"})")}));
  EXPECT_FALSE(ByPattern({Event(R"({"reasoning":"a","reasoning_content":""})"),
                          Event(R"({"reasoning":"a","reasoning_content":"b"})")}));
  const std::string usage = R"(,"usage":{"completion_tokens":1,"prompt_tokens":1,"total_tokens":2,"x":")";
  EXPECT_FALSE(ByPattern({Event("{\"content\":\"a\"}", "gpt", usage + "y\"}"),
                          Event("{\"content\":\"b\"}", "gpt", usage + "z\"}")}));
  path_ = ReasoningPath("delta.thoughts");
  EXPECT_FALSE(ByPattern({Event(R"({"thoughts":"a"})"), Event(R"({"thoughts":"b"})")}));
  EXPECT_TRUE(ByPattern({Event(R"({"content":"a"})"), Event(R"({"content":"b"})")}));
}

TEST_F(ChunkPatternTest, WhatTheProviderSaysIsToldWhenItChanges) {
  const Outcome outcome = Relay({Content("a") + Content("b") + Content("c", "other") + Content("d", "other") +
                                 Content("e") + Content("f")});
  EXPECT_EQ(outcome.seen, "id c1\nmodel gpt\nid c1\nmodel other\nid c1\nmodel gpt\n");
  EXPECT_EQ(outcome.chunks, 6u);
}

TEST_F(ChunkPatternTest, SplitAnywhereGivesTheSame) {
  std::string text;
  for (const char* word : {"one", "", "three \\\" \xC3\xBC", "four"}) text += Content(word);
  text += Event("{}") + Content("five") + Content("six") + "data: [DONE]\n\n";
  const Outcome whole = Relay({text});
  EXPECT_EQ(whole.state, StreamRelay::State::kDone);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const Outcome outcome = Relay({text.substr(0, cut), text.substr(cut)});
    EXPECT_EQ(outcome.out, whole.out) << cut;
    EXPECT_EQ(outcome.chunks, whole.chunks) << cut;
  }
  EXPECT_EQ(loop_.buffers().used_bytes(), 0u);
}

TEST_F(ChunkPatternTest, ComesBackAfterManyChunksOfWhichNoneIsLikeTheOther) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += Event("{\"content\":\"a\",\"number\":" + std::to_string(i) + "}");
  std::string likes;
  for (int i = 0; i < 40; ++i) likes += Content("b");
  const Outcome outcome = Relay({text + likes});
  EXPECT_EQ(outcome.chunks, 140u);
  size_t told = 0;
  for (size_t at = 0; (at = outcome.seen.find("id c1\n", at)) != std::string::npos; ++at) ++told;
  EXPECT_LT(told, 120u) << "told once for each that was read";
}

// Damage of every kind behind a chunk whose pattern serves: the verdict and the bytes are those of a reader
// without one.
TEST_F(ChunkPatternTest, AgreesWithReadingUnderDamage) {
  std::minstd_rand random(11);
  constexpr std::string_view kBytes = "\"\\{}[],:0a \n\r\x01\x7f\xC3\xBC\xFFundelta";
  const std::string first = Content("first");
  const std::string before = Relay({first + Content("second")}).out;
  size_t relayed = 0;
  size_t refused = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string event = Content(R"(text \" \u00e9 )"
                                "gr\xC3\xBC\xC3\x9F");
    for (size_t damage = 1 + random() % 2; damage > 0; --damage) {
      const size_t at = random() % (event.size() - 2);
      const char byte = kBytes[random() % kBytes.size()];
      switch (random() % 3) {
        case 0:
          event[at] = byte;
          break;
        case 1:
          event.insert(at, 1, byte);
          break;
        default:
          event.erase(at, 1);
      }
    }
    const Outcome alone = Relay({": first\n\n" + event});
    const Outcome behind = Relay({first + Content("second") + event});
    const std::string expected = before + alone.out.substr(std::string_view(": first\n\n").size());
    ASSERT_EQ(behind.out, expected) << event;
    ASSERT_EQ(behind.state, alone.state) << event;
    ASSERT_EQ(behind.defect, alone.defect) << event;
    ASSERT_EQ(behind.chunks, alone.chunks + 2) << event;
    relayed += alone.chunks;
    refused += alone.state != StreamRelay::State::kOpen;
  }
  EXPECT_GT(relayed, 1'000u);
  EXPECT_GT(refused, 1'000u);
}

}  // namespace
}  // namespace aisix::proxy::openai_chat
