#include "lib/http/wire/plain_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "lib/http/wire/byte_block.h"
#include "lib/http/wire/head_parser.h"

namespace aisix::http {
namespace {

using Type = HeadParser::Type;
using Result = HeadParser::Result;

constexpr std::array<std::string_view, 4> kRequests{
    "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.example:8080\r\nContent-Type: application/json\r\n"
    "Authorization: Bearer sk-1\r\nContent-Length: 12\r\n\r\n{\"model\":1}",
    "GET /v1/models?limit=1&after=%20x HTTP/1.1\r\nhost: a\r\nAccept:*/*\r\nx-empty:\r\nx-blank: \r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive, TE\r\nExpect: "
    "100-continue\r\n\r\n",
    "DELETE /x HTTP/1.1\r\nhost: [::1]:1\r\nUser-Agent: OpenAI/Python 1.50.0 (a; b) \"c\"\r\nConnection: "
    "close\r\n\r\n"};
constexpr std::array<std::string_view, 3> kResponses{
    "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"};

bool IsPlain(Type type, std::string_view text, size_t max_lines = 128) {
  PlainHead head;
  std::vector<Header> lines;
  return type == Type::kRequest ? ReadPlainRequest(text, max_lines, head, lines)
                                : ReadPlainResponse(text, max_lines, head, lines);
}

// Everything that a parser says about a head.
std::string Describe(HeadParser& parser, Type type, Result result) {
  std::string out = "result " + std::to_string(static_cast<int>(result)) + " error " +
                    std::to_string(static_cast<int>(parser.error())) + " " +
                    std::string(parser.error_reason());
  if (result != Result::kDone) return out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    out.append("\n").append(name).append("=").append(value);
  };
  const auto number = [&add](std::string_view name, uint64_t value) { add(name, std::to_string(value)); };
  number("size", parser.head_size());
  if (type == Type::kRequest) {
    const RequestHead& head = parser.request();
    add("method", head.method);
    add("target", head.target);
    add("path", head.path);
    add("query", head.query);
    add("host", head.host);
    number("has_query", head.has_query);
    number("length", head.content_length.value_or(UINT64_MAX));
    number("chunked", head.chunked);
    number("expect", head.expect_continue);
    number("keep", head.keep_alive);
    number("minor", static_cast<uint64_t>(head.minor_version));
    for (const Header& line : head.headers) add(line.name, line.value);
  } else {
    const ResponseHead& head = parser.response();
    number("status", static_cast<uint64_t>(head.status));
    add("reason", head.reason);
    number("length", head.content_length.value_or(UINT64_MAX));
    number("chunked", head.chunked);
    number("keep", head.keep_alive);
    number("minor", static_cast<uint64_t>(head.minor_version));
    for (const Header& line : head.headers) add(line.name, line.value);
  }
  return out;
}

// At once; and after its first byte came alone, from which no plain head can be read.
std::pair<std::string, std::string> BothWays(Type type, const std::string& text, const HeadLimits& limits) {
  HeadParser at_once(type, limits);
  const std::string first = Describe(at_once, type, at_once.Parse(text.data(), text.size()));
  HeadParser in_pieces(type, limits);
  Result result = in_pieces.Parse(text.data(), 1);
  if (result == Result::kMore && text.size() > 1) result = in_pieces.Parse(text.data(), text.size());
  return {first, Describe(in_pieces, type, result)};
}

// Each byte at each place, among others that are in the set or not.
template <typename Block>
void CheckBlock() {
  const auto in_name = [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  };
  for (int byte = 0; byte < 256; ++byte) {
    const auto c = static_cast<unsigned char>(byte);
    for (size_t place = 0; place < Block::kSize; ++place) {
      std::string text(Block::kSize, 'a');
      text[place] = static_cast<char>(c);
      const Block block(text.data());
      const auto values = block.Outside(0x20, 0x7E);
      const auto names = block.OutsideNames();
      ASSERT_EQ(values != 0, c < 0x20 || c > 0x7E) << byte;
      ASSERT_EQ(names != 0, !in_name(c)) << byte;
      if (values != 0) {
        ASSERT_EQ(Block::IndexOf(values), place) << byte;
      }
      if (names != 0) {
        ASSERT_EQ(Block::IndexOf(names), place) << byte;
      }
      for (size_t i = place + 1; i < text.size(); ++i) text[i] = '\xff';
      if (names != 0) {
        ASSERT_EQ(Block::IndexOf(Block(text.data()).OutsideNames()), place) << byte;
      }
    }
  }
}

TEST(ByteBlock, FindsWhatIsOutside) {
  CheckBlock<WordBlock>();
  CheckBlock<ByteBlock>();
}

TEST(HeadText, CaseAndControlBytes) {
  for (size_t length = 0; length < 40; ++length) {
    const std::string lower(length, 'k');
    const std::string upper(length, 'K');
    EXPECT_TRUE(EqualsIgnoreCase(lower, upper));
    EXPECT_FALSE(HasControlBytes(lower));
    for (size_t place = 0; place < length; ++place) {
      std::string other = upper;
      other[place] = '\x0b';  // 'K' and 'k' but for the bits of their case
      EXPECT_FALSE(EqualsIgnoreCase(lower, other));
      EXPECT_TRUE(HasControlBytes(other));
      other[place] = '\t';
      EXPECT_FALSE(HasControlBytes(other));
      other[place] = '\x7f';
      EXPECT_TRUE(HasControlBytes(other));
      other[place] = '\xc3';
      EXPECT_FALSE(HasControlBytes(other));
    }
  }
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));
  EXPECT_FALSE(EqualsIgnoreCase("content[", "content{"));
  EXPECT_FALSE(EqualsIgnoreCase("\xc1", "\xe1"));
}

TEST(PlainHead, TakesUsualHeads) {
  for (const std::string_view text : kRequests) EXPECT_TRUE(IsPlain(Type::kRequest, text)) << text;
  for (const std::string_view text : kResponses) EXPECT_TRUE(IsPlain(Type::kResponse, text)) << text;
}

TEST(PlainHead, ReadsWhatStandsThere) {
  PlainHead head;
  std::vector<Header> lines;
  ASSERT_TRUE(ReadPlainRequest(kRequests[1], 4, head, lines));
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/v1/models?limit=1&after=%20x");
  EXPECT_EQ(head.size, kRequests[1].size());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1].name, "Accept");
  EXPECT_EQ(lines[1].value, "*/*");
  EXPECT_TRUE(lines[2].value.empty());
  EXPECT_TRUE(lines[3].value.empty());
  lines.clear();
  ASSERT_TRUE(ReadPlainResponse(kResponses[1], 2, head, lines));
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.reason, "Not Found");
  EXPECT_EQ(lines.size(), 2u);
}

TEST(PlainHead, LeavesWhatIsUnusual) {
  for (const char* text : {"",
                           "P",
                           "POST /x",
                           "BREW /x HTTP/1.1\r\nhost: a\r\n\r\n",
                           "POST  /x HTTP/1.1\r\nhost: a\r\n\r\n",
                           "POST http://a/x HTTP/1.1\r\nhost: a\r\n\r\n",
                           "GET /x HTTP/1.0\r\n\r\n",
                           "GET /x# HTTP/1.1\r\nhost: a\r\n\r\n",
                           "GET /x HTTP/1.1\nhost: a\r\n\r\n",
                           "GET /x HTTP/1.1\r\nhost: a\n\r\n",
                           "GET /x HTTP/1.1\r\nhost : a\r\n\r\n",
                           "GET /x HTTP/1.1\r\nhost: a\r\n b\r\n\r\n",
                           "GET /x HTTP/1.1\r\nhost:  a\r\n\r\n",
                           "GET /x HTTP/1.1\r\nhost: a \r\n\r\n",
                           "GET /x HTTP/1.1\r\nhost: a\tb\r\n\r\n",
                           "GET /x HTTP/1.1\r\nhost: \xc3\xa4\r\n\r\n",
                           "GET /x HTTP/1.1\r\nho\xf3t: a\r\n\r\n",
                           "GET /x HTTP/1.1\r\n: a\r\n\r\n",
                           "GET /x HTTP/1.1\r\nx_y: a\r\n\r\n",
                           "GET /x HTTP/1.1\r\nhost: a\r\n\r",
                           "GET /x HTTP/1.1\r\nhost: a\r\n\rx"}) {
    EXPECT_FALSE(IsPlain(Type::kRequest, text)) << text;
  }
  for (const char* text : {"HTTP/1.1 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                           "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200  OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK"}) {
    EXPECT_FALSE(IsPlain(Type::kResponse, text)) << text;
  }
  EXPECT_FALSE(IsPlain(Type::kRequest, kRequests[1], 3));  // too many lines
}

// Bytes behind a head do not matter to it, wherever in a word it ends.
TEST(PlainHead, EndsWhereItEnds) {
  for (size_t length = 0; length < 20; ++length) {
    const std::string head = "GET /x HTTP/1.1\r\nhost: " + std::string(length, 'h') + "\r\n\r\n";
    for (const std::string_view behind : {"", "x", "\r\n\r\nGET / HTTP/1.1\r\n\r\n"}) {
      PlainHead found;
      std::vector<Header> lines;
      ASSERT_TRUE(ReadPlainRequest(head + std::string(behind), 128, found, lines)) << length;
      EXPECT_EQ(found.size, head.size());
    }
    for (size_t cut = 0; cut < head.size(); ++cut)
      EXPECT_FALSE(IsPlain(Type::kRequest, head.substr(0, cut))) << cut;
  }
}

// Whichever way a head is read, the outcome is the same: thousands of heads with mistakes and oddities in
// them.
TEST(PlainHead, AgreesWithLlhttp) {
  constexpr std::array<std::string_view, 24> kPieces{"\r\n",
                                                     "\n",
                                                     "\r",
                                                     " ",
                                                     "\t",
                                                     ":",
                                                     ": ",
                                                     ",",
                                                     std::string_view("\0", 1),
                                                     "\x7f",
                                                     "\xc3\xa4",
                                                     "chunked",
                                                     "close",
                                                     "Upgrade: h2c\r\n",
                                                     "Content-Length: 3\r\n",
                                                     "Transfer-Encoding: chunked\r\n",
                                                     "Transfer-Encoding: gzip\r\n",
                                                     "Connection: upgrade\r\n",
                                                     "Host: b\r\n",
                                                     "HTTP/1.0",
                                                     "0",
                                                     "99999999999999999999",
                                                     "#",
                                                     "-"};
  std::mt19937 random(20260101);
  const auto below = [&random](size_t bound) { return static_cast<size_t>(random() % bound); };
  HeadLimits limits;
  limits.max_bytes = 300;
  limits.max_headers = 7;
  size_t plain = 0;
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Type type = round % 2 == 0 ? Type::kRequest : Type::kResponse;
    std::string text(type == Type::kRequest ? kRequests[below(kRequests.size())]
                                            : kResponses[below(kResponses.size())]);
    for (size_t changes = below(4); changes > 0; --changes) {
      const size_t at = below(text.size());
      switch (below(5)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(3));
          break;
        case 2:
          text.insert(at, kPieces[below(kPieces.size())]);
          break;
        case 3: {  // at the begin of a line
          const size_t line = text.find('\n', at);
          if (line != std::string::npos) text.insert(line + 1, kPieces[below(kPieces.size())]);
          break;
        }
        default:
          text.resize(at + 1);
      }
      if (text.empty()) text = "\r";
    }
    const auto [at_once, in_pieces] = BothWays(type, text, limits);
    ASSERT_EQ(at_once, in_pieces) << testing::PrintToString(text);
    if (IsPlain(type, text, limits.max_headers)) ++plain;
    if (at_once.starts_with("result 2")) ++refused;
  }
  EXPECT_GT(plain, 5'000u);
  EXPECT_GT(refused, 2'000u);
}

}  // namespace
}  // namespace aisix::http
