#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/async/loop.h"
#include "proxy_worker/dialects/openai_chat/stream.h"

namespace aisix::proxy::openai_chat {
namespace {

using testing::ElementsAre;

std::string Chunk(const std::string& model, const std::string& rest) {
  return R"({"id":"c1","object":"chat.completion.chunk","created":17,"model":")" + model + "\"," + rest + "}";
}
std::string Delta(const std::string& model, const std::string& text) {
  return Chunk(model, R"("choices":[{"index":0,"delta":{"content":")" + text + "\"}}]");
}

class Observer : public StreamObserver {
 public:
  void OnId(std::string_view id) override { ids.emplace_back(id); }
  void OnModel(std::string_view model) override { models.emplace_back(model); }
  void OnFinishReason(std::string_view reason) override { reasons.emplace_back(reason); }
  std::vector<std::string> ids, models, reasons;
};

class StreamTest : public testing::Test {
 protected:
  // Relays pieces and the end of the stream; what the caller gets.
  std::string Relay(const std::vector<std::string>& pieces, bool forward_usage_only = false) {
    observer_ = Observer();
    StreamRules rules;
    rules.model = "\"alias\"";
    rules.forward_usage_only = forward_usage_only;
    rules.reasoning_path = &path_;
    relay_.emplace(reader_, scratch_, loop_.buffers(), rules, observer_);
    ByteBuffer out(loop_.buffers());
    for (const std::string& piece : pieces) relay_->Feed(piece, 99, out);
    relay_->End(99, out);
    return std::string(out.view());
  }

  async::Loop loop_;
  json::Reader reader_;
  ReplyScratch scratch_;
  ReasoningPath path_;
  Observer observer_;
  std::optional<StreamRelay> relay_;
};

TEST_F(StreamTest, PassesEventsAsTheyCameButForTheModel) {
  EXPECT_EQ(Relay({": hello\n\nevent: message\ndata:" + Delta("gpt", "a\\u00e9") + "\nid: 4\n\ndata: " +
                   Chunk("gpt", R"("x":[ 1 ],"choices":[{"index":1,"delta":{},"logprobs":null}])") +
                   "\r\n\r\ndata: [DONE]\n\n"}),
            ": hello\n\nevent: message\ndata:" + Delta("alias", "a\\u00e9") + "\nid: 4\n\ndata: " +
                Chunk("alias", R"("x":[ 1 ],"choices":[{"index":1,"delta":{},"logprobs":null}])") +
                "\r\n\r\n");
  EXPECT_EQ(relay_->state(), StreamRelay::State::kDone);
  EXPECT_EQ(relay_->chunks(), 2u);
  EXPECT_THAT(observer_.ids, ElementsAre("c1", "c1"));
  EXPECT_THAT(observer_.models, ElementsAre("gpt", "gpt"));
}

TEST_F(StreamTest, NothingAfterDoneIsRead) {
  EXPECT_EQ(Relay({"data: [DONE]\n\ndata: " + Delta("m", "late") + "\n\n", "data: x\n\n"}), "");
  EXPECT_EQ(relay_->state(), StreamRelay::State::kDone);
  Relay({"data:[DONE] \r\n\r\n"});
  EXPECT_EQ(relay_->state(), StreamRelay::State::kDone);
}

TEST_F(StreamTest, AStreamThatSimplyEndsIsNoFailure) {
  EXPECT_EQ(Relay({"data: " + Delta("m", "a") + "\n\n"}), "data: " + Delta("alias", "a") + "\n\n");
  EXPECT_EQ(relay_->state(), StreamRelay::State::kOpen);
}

TEST_F(StreamTest, DeliversAnUnterminatedLastEvent) {
  for (const std::string end : {"", "\n", "\r\n"}) {
    EXPECT_EQ(Relay({"data: " + Delta("m", "a") + end}),
              "data: " + Delta("alias", "a") + (end.empty() ? "\n\n" : end + "\n"));
  }
  EXPECT_EQ(Relay({"data: [DONE]"}), "");
  EXPECT_EQ(relay_->state(), StreamRelay::State::kDone);
  EXPECT_EQ(Relay({": half a comm"}), "");
}

TEST_F(StreamTest, SwallowsUsageOnlyChunksUnlessTheyWereAskedFor) {
  const std::string usage =
      R"("choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5})";
  const std::string riding =
      R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5})";
  const std::vector<std::string> stream = {"data: " + Chunk("m", riding) + "\n\ndata: " + Chunk("m", usage) +
                                           "\n\n"};
  EXPECT_EQ(Relay(stream, false), "data: " + Chunk("alias", riding) + "\n\n");
  EXPECT_EQ(relay_->chunks(), 2u);
  EXPECT_EQ(relay_->forwarded(), 1u);
  EXPECT_EQ(Relay(stream, true),
            "data: " + Chunk("alias", riding) + "\n\ndata: " + Chunk("alias", usage) + "\n\n");
  EXPECT_TRUE(relay_->usage_known());
  EXPECT_EQ(relay_->tokens().prompt, 4u) << "each counter is the maximum";
  EXPECT_EQ(relay_->tokens().completion, 2u);
  EXPECT_EQ(relay_->tokens().total, 5u);
  EXPECT_THAT(observer_.reasons, ElementsAre("stop"));
}

TEST_F(StreamTest, RewritesEventsWithSeveralDataLines) {
  EXPECT_EQ(Relay({"event: e\r\ndata: {\"id\":\"c1\",\"object\":\"o\",\"created\":1,\ndata: "
                   "\"model\":\"m\",\ndata:\"choices\":[]}\n: c\n\n"}),
            "event: e\n: c\ndata: {\"id\":\"c1\",\"object\":\"o\",\"created\":1,\ndata: "
            "\"model\":\"alias\",\ndata: \"choices\":[]}\n\n");
}

TEST_F(StreamTest, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(Relay({"data: " + Delta("m", "a\xFF") + "\n\n"}),
            "data: " + Delta("alias", "a\xEF\xBF\xBD") + "\n\n");
}

TEST_F(StreamTest, TellsErrorsFromBrokenChunks) {
  Relay({"data: " + Delta("m", "a") +
         "\n\ndata: {\"error\":{\"message\":\"Overloaded\",\"type\":\"t\",\"code\":529}}\n\ndata: " +
         Delta("m", "b") + "\n\n"});
  EXPECT_EQ(relay_->state(), StreamRelay::State::kInBand);
  EXPECT_EQ(relay_->in_band().message, "Overloaded");
  EXPECT_EQ(relay_->in_band().status, 529);
  EXPECT_EQ(relay_->chunks(), 1u);
  Relay({"data: {\"error\":\"text\"}\n\n"});
  EXPECT_EQ(relay_->state(), StreamRelay::State::kInBand);
  for (const char* payload : {"{}", "hello", "{\"id\":\"i\"}", "[1", "7"}) {
    Relay({std::string("data: ") + payload + "\n\n"});
    EXPECT_EQ(relay_->state(), StreamRelay::State::kMalformed) << payload;
    EXPECT_FALSE(relay_->defect().empty()) << payload;
  }
}

TEST_F(StreamTest, AChunkWithAnErrorMemberIsAChunk) {
  const std::string rest =
      R"("error":{"code":502,"message":"x"},"choices":[{"delta":{"content":""},"finish_reason":"error"}])";
  EXPECT_EQ(Relay({"data: " + Chunk("m", rest) + "\n\n"}), "data: " + Chunk("alias", rest) + "\n\n");
}

TEST_F(StreamTest, ADocumentInsteadOfAStreamIsAnError) {
  EXPECT_EQ(Relay({"{\"error\":{\"message\":", "\"no\"}}"}), "");
  EXPECT_EQ(relay_->state(), StreamRelay::State::kInBand);
  EXPECT_EQ(relay_->in_band().message, "no");
  Relay({"{\"id\":\"x\"}\n"});
  EXPECT_EQ(relay_->state(), StreamRelay::State::kMalformed);
}

TEST_F(StreamTest, EmptyDataIsNoEvent) {
  EXPECT_EQ(Relay({"data:\n\ndata: \n\n"}), "data:\n\ndata: \n\n");
  EXPECT_EQ(relay_->state(), StreamRelay::State::kOpen);
}

// Whatever the reads, the caller gets the same bytes.
TEST_F(StreamTest, SplitAnywhereGivesTheSame) {
  const std::string usage =
      R"("choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5})";
  const std::string text = ": c\r\n\r\ndata: " + Delta("m", "gr\xC3\xBC\xC3\x9F") +
                           "\r\n\r\ndata: " + Chunk("m", usage) +
                           "\r\n\r\ndata: " + Delta("m", "\xF0\x9F\x98\x80") + "\r\rdata: [DONE]\r\n\r\n";
  const std::string whole = Relay({text});
  EXPECT_EQ(whole, ": c\r\n\r\ndata: " + Delta("alias", "gr\xC3\xBC\xC3\x9F") +
                       "\r\n\r\ndata: " + Delta("alias", "\xF0\x9F\x98\x80") + "\r\r");
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(Relay(bytes), whole);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Relay({text.substr(0, cut), text.substr(cut)}), whole) << cut;
    EXPECT_EQ(relay_->state(), StreamRelay::State::kDone) << cut;
  }
  EXPECT_EQ(loop_.buffers().used_bytes(), 0u);
}

}  // namespace
}  // namespace aisix::proxy::openai_chat
