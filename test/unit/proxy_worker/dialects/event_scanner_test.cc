#include "proxy_worker/dialects/sse/event_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/async/loop.h"

namespace aisix::proxy::sse {
namespace {

using testing::ElementsAre;

struct Seen {
  std::string bytes;
  size_t data_lines;
  std::string data;

  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {
  *out << testing::PrintToString(seen.bytes) << " lines=" << seen.data_lines << " data=" << seen.data;
}

class EventScannerTest : public testing::Test {
 protected:
  std::vector<Seen> Scan(const std::vector<std::string>& pieces, size_t limit = 1 << 20) {
    EventScanner scanner(loop_.buffers(), limit);
    std::vector<Seen> seen;
    Event event;
    const auto take = [&] {
      std::string joined(event.data);
      if (event.data_lines > 1) JoinData(event.bytes, joined);
      // An LF that belongs to the event before is compared as a part of that one.
      if (event.prefix == 1) seen.back().bytes.push_back('\n');
      seen.push_back(Seen{std::string(event.bytes.substr(event.prefix)), event.data_lines, joined});
    };
    for (const std::string& piece : pieces) {
      scanner.Feed(piece);
      while (scanner.Next(event)) take();
    }
    overflow_ = scanner.overflow();
    if (scanner.Last(event)) take();
    return seen;
  }

  async::Loop loop_;
  bool overflow_ = false;
};

TEST_F(EventScannerTest, FindsEventsWhateverEndsTheLines) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::vector<Seen> seen =
        Scan({"data: a" + end + end + ": ping" + end + end + "event: x" + end + "data:b" + end + end});
    EXPECT_THAT(seen, ElementsAre(Seen{"data: a" + end + end, 1, "a"}, Seen{": ping" + end + end, 0, ""},
                                  Seen{"event: x" + end + "data:b" + end + end, 1, "b"}))
        << testing::PrintToString(end);
  }
}

TEST_F(EventScannerTest, JoinsSeveralDataLinesAndTakesOneSpaceOff) {
  EXPECT_THAT(Scan({"data:  a \ndata:b\r\ndata\ndatax: no\nid: 7\n\n"}),
              ElementsAre(Seen{"data:  a \ndata:b\r\ndata\ndatax: no\nid: 7\n\n", 3, " a \nb\n"}));
}

TEST_F(EventScannerTest, AnUnterminatedLastEventIsDelivered) {
  EXPECT_THAT(Scan({"data: a\n\ndata: b"}),
              ElementsAre(Seen{"data: a\n\n", 1, "a"}, Seen{"data: b", 1, "b"}));
  EXPECT_THAT(Scan({"data: a\n"}), ElementsAre(Seen{"data: a\n", 1, "a"}));
  EXPECT_THAT(Scan({"data: a\n\n"}), ElementsAre(Seen{"data: a\n\n", 1, "a"}));
  EXPECT_TRUE(Scan({}).empty());
}

TEST_F(EventScannerTest, AByteOrderMarkIsNoPartOfTheFirstLine) {
  EXPECT_THAT(Scan({"\xEF\xBB\xBF"
                    "data: a\n\n\xEF\xBB\xBF"
                    "data: b\n\n"}),
              ElementsAre(Seen{"\xEF\xBB\xBF"
                               "data: a\n\n",
                               1, "a"},
                          Seen{"\xEF\xBB\xBF"
                               "data: b\n\n",
                               0, ""}));
}

// However the bytes arrive, events and their bytes are the same and none is lost.
TEST_F(EventScannerTest, SplitAnywhereGivesTheSame) {
  const std::string text =
      "data: {\"a\":\"gr\xC3\xBC\"}\r\n\r\n\n: c\r\rdata: x\ndata: y\n\revent: e\r\ndata: z\r\n\n\r\ndata: "
      "[DONE]\n\n";
  const std::vector<Seen> whole = Scan({text});
  ASSERT_GT(whole.size(), 5u);
  std::string all;
  for (const Seen& seen : whole) all += seen.bytes;
  EXPECT_EQ(all, text);

  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(Scan(bytes), whole);
  for (size_t first = 0; first <= text.size(); ++first) {
    EXPECT_EQ(Scan({text.substr(0, first), text.substr(first)}), whole) << first;
    for (size_t second = first; second <= text.size(); second += 7) {
      EXPECT_EQ(Scan({text.substr(0, first), text.substr(first, second - first), text.substr(second)}),
                whole);
    }
  }
}

TEST_F(EventScannerTest, AnEventBeyondTheLimitEndsTheScan) {
  std::vector<std::string> pieces = {"data: a\n\n"};
  for (int i = 0; i < 100; ++i) pieces.push_back("data: " + std::string(94, 'x'));
  EXPECT_EQ(Scan(pieces, 5000).size(), 1u);
  EXPECT_TRUE(overflow_);
  Scan(pieces, 20000);
  EXPECT_FALSE(overflow_);
}

TEST_F(EventScannerTest, HoldsNoBufferBetweenEvents) {
  EventScanner scanner(loop_.buffers(), 1 << 20);
  Event event;
  scanner.Feed("data: a\n\ndata: b");
  while (scanner.Next(event)) {
  }
  EXPECT_GT(loop_.buffers().used_bytes(), 0u);
  scanner.Feed("\n\n");
  while (scanner.Next(event)) {
  }
  EXPECT_EQ(loop_.buffers().used_bytes(), 0u);
}

}  // namespace
}  // namespace aisix::proxy::sse
