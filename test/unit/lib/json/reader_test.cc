#include "lib/json/reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "lib/json/text.h"

namespace aisix::json {
namespace {

using namespace std::string_literals;

// A copy that ends exactly where its memory ends, so that a sanitizer sees any byte read behind it.
struct Exact {
  explicit Exact(std::string_view text) : bytes(new char[text.size()]), size(text.size()) {
    std::memcpy(bytes.get(), text.data(), size);
  }
  std::string_view view() const { return {bytes.get(), size}; }
  std::unique_ptr<char[]> bytes;
  size_t size;
};

bool Valid(std::string_view text) {
  const Exact exact(text);
  Reader reader;
  if (!reader.Start(exact.view())) return false;
  reader.Skip();
  return reader.Finish();
}

// The same by way of the cursor: every container is entered.
void Walk(Reader& reader) {
  if (reader.EnterObject()) {
    Key key;
    while (reader.NextMember(key)) Walk(reader);
  } else if (reader.EnterArray()) {
    while (reader.NextElement()) Walk(reader);
  } else {
    reader.Skip();
  }
}

bool ValidByWalking(std::string_view text) {
  const Exact exact(text);
  Reader reader;
  if (!reader.Start(exact.view())) return false;
  Walk(reader);
  return reader.Finish();
}

TEST(Reader, AcceptsEveryFormOfValue) {
  for (const char* text :
       {"{}", "[]", "0", "-0", "-0.5e+10", "1E5", "12.25", "true", "false", "null", "\"\"", "\"\\u00e9\\n\"",
        " [ 1 , { \"a\" : [ ] } ]\r\n\t ", R"({"a":{"b":[1,2,{"c":null}]},"d":"x"})", R"(["\ud83d"])",
        R"("quote \" within")", R"(["a\\"])", R"({"":0})", "1 "}) {
    EXPECT_TRUE(Valid(text)) << text;
    EXPECT_TRUE(ValidByWalking(text)) << text;
  }
}

TEST(Reader, RefusesWhatIsNotJson) {
  for (const std::string& text : {""s,
                                  " "s,
                                  "{"s,
                                  "}"s,
                                  "[1"s,
                                  "[1,]"s,
                                  "[,1]"s,
                                  "[1 2]"s,
                                  "{\"a\"}"s,
                                  "{\"a\":}"s,
                                  "{\"a\":1,}"s,
                                  "{,}"s,
                                  "{a:1}"s,
                                  "{1:2}"s,
                                  "[1}"s,
                                  "{\"a\":1]"s,
                                  "01"s,
                                  "-"s,
                                  "1."s,
                                  ".5"s,
                                  "1e"s,
                                  "1e+"s,
                                  "+1"s,
                                  "0x1"s,
                                  "1a"s,
                                  "truee"s,
                                  "tru"s,
                                  "nul"s,
                                  "NaN"s,
                                  "\"a"s,
                                  "\"a\"b"s,
                                  "a\"b\""s,
                                  "1\"b\""s,
                                  "\"\\x\""s,
                                  "\"\\u12g4\""s,
                                  "\"\\u12\""s,
                                  "\"a\nb\""s,
                                  "{} {}"s,
                                  "1 2"s,
                                  "{}x"s,
                                  "[1]]"s,
                                  "\"\\\""s,
                                  "[\x0c]"s,
                                  "[1\x0c]"s,
                                  "{\"a\"\x1a"s + "1}"s,
                                  "\xEF\xBB\xBF{}"s,
                                  "[1]\0"s,
                                  "'a'"s,
                                  "[1]//x"s}) {
    EXPECT_FALSE(Valid(text)) << text;
    EXPECT_FALSE(ValidByWalking(text)) << text;
  }
}

TEST(Reader, RefusesWhatIsNotUtf8AnywhereInTheDocument) {
  EXPECT_TRUE(Valid("{\"a\":\"gr\xC3\xBC\xC3\x9F\"}"));
  for (const char* bytes : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_FALSE(Valid("{\"unread\":{\"b\":\""s + bytes + "\"}}")) << bytes;
  }
}

TEST(Reader, AllowsTheDepthAndNoMore) {
  const std::string deep = std::string(128, '[') + std::string(128, ']');
  EXPECT_TRUE(Valid(deep));
  EXPECT_TRUE(ValidByWalking(deep));
  const std::string deeper = "[" + deep + "]";
  EXPECT_FALSE(Valid(deeper));
  EXPECT_FALSE(ValidByWalking(deeper));
  // Depth counts what was entered before the value that is skipped.
  std::string mixed;
  for (int i = 0; i < 64; ++i) mixed += "{\"a\":[";
  for (int i = 0; i < 64; ++i) mixed += "]}";
  EXPECT_TRUE(Valid(mixed));
  Reader reader;
  ASSERT_TRUE(reader.Start(deeper));
  ASSERT_TRUE(reader.EnterArray());
  ASSERT_TRUE(reader.NextElement());
  reader.Skip();
  EXPECT_TRUE(reader.failed());
  EXPECT_TRUE(reader.too_deep());
}

TEST(Reader, GivesPositionsInTheText) {
  const std::string text = R"( { "model" : "gpt-4" , "m": [ 1, {"x": -2.5e1 } ] ,"t":true } )";
  Reader reader;
  ASSERT_TRUE(reader.Start(text));
  ASSERT_TRUE(reader.EnterObject());
  Key key;
  ASSERT_TRUE(reader.NextMember(key));
  EXPECT_EQ(key.text, "model");
  EXPECT_EQ(key.span.of(text), "\"model\"");
  const Value model = reader.Read();
  EXPECT_EQ(model.kind, Kind::kString);
  EXPECT_EQ(model.span.of(text), "\"gpt-4\"");
  EXPECT_EQ(model.content(text), "gpt-4");
  ASSERT_TRUE(reader.NextMember(key));
  EXPECT_EQ(reader.Peek(), Kind::kArray);
  const size_t from = reader.position();
  const Value list = reader.Read();
  EXPECT_EQ(list.span.of(text), R"([ 1, {"x": -2.5e1 } ])");
  EXPECT_EQ(from, list.span.offset);
  EXPECT_EQ(reader.last_end(), list.span.end());
  ASSERT_TRUE(reader.NextMember(key));
  const Value flag = reader.Read();
  EXPECT_EQ(flag.kind, Kind::kTrue);
  EXPECT_EQ(flag.span.of(text), "true");
  EXPECT_FALSE(reader.NextMember(key));
  EXPECT_EQ(reader.last_end(), text.rfind('}') + 1);
  EXPECT_TRUE(reader.Finish());
}

TEST(Reader, FindsTheStringsWithinValues) {
  const std::string text = R"({"a": {"b" : "c\"d", "e":[1,"f" ]},"g":"h" , "i":"j"})";
  Reader reader;
  ASSERT_TRUE(reader.Start(text) && reader.EnterObject());
  std::vector<Span> values;
  Key key;
  while (reader.NextMember(key)) {
    const size_t from = reader.position();
    reader.Skip();
    if (!key.Is("g")) values.push_back(Span{from, reader.last_end() - from});
  }
  ASSERT_TRUE(reader.Finish());
  std::vector<Span> found;
  reader.FindStrings(values, found);
  std::vector<std::string> strings;
  for (const Span& span : found) strings.emplace_back(span.of(text));
  EXPECT_EQ(strings, (std::vector<std::string>{"\"b\"", R"("c\"d")", "\"e\"", "\"f\"", "\"j\""}));
}

// What stands between two quotes is a string for the one exactly when it is for the other.
TEST(Reader, AgreesWithFindStringEnd) {
  std::minstd_rand random(7);
  constexpr std::string_view kBytes =
      "abcdefgh ijk/\"\\nu09AF\x1f\x7f\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\xED\xFF";
  int strings = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "\"";
    for (size_t i = random() % 24; i > 0; --i) text.push_back(kBytes[random() % kBytes.size()]);
    text.push_back('"');
    const bool valid = FindStringEnd(text, 1) == text.size();
    EXPECT_EQ(valid, Valid(text)) << text;
    strings += valid;
  }
  EXPECT_GT(strings, 1'000);
}

TEST(Reader, ComparesKeysUnescaped) {
  const std::string text = R"({"mod\u0065l":1,"model":2,"\ud83d":3})";
  Reader reader;
  ASSERT_TRUE(reader.Start(text));
  ASSERT_TRUE(reader.EnterObject());
  Key key;
  ASSERT_TRUE(reader.NextMember(key));
  EXPECT_TRUE(key.escaped);
  EXPECT_TRUE(key.Is("model"));
  EXPECT_FALSE(key.Is("models"));
  reader.Skip();
  ASSERT_TRUE(reader.NextMember(key));
  EXPECT_FALSE(key.escaped);
  EXPECT_TRUE(key.Is("model"));
  reader.Skip();
  ASSERT_TRUE(reader.NextMember(key));
  EXPECT_FALSE(key.Is("model"));
  reader.Skip();
  EXPECT_FALSE(reader.NextMember(key));
  EXPECT_TRUE(reader.Finish());
}

TEST(Reader, TellsEscapedStringsFromPlainOnesAmongEachOther) {
  const std::string text = R"(["a\nb","plain","\\\"","","c\u0041","last"])";
  Reader reader;
  ASSERT_TRUE(reader.Start(text));
  ASSERT_TRUE(reader.EnterArray());
  std::vector<bool> escaped;
  while (reader.NextElement()) escaped.push_back(reader.Read().escaped);
  EXPECT_EQ(escaped, (std::vector<bool>{true, false, true, false, true, false}));
  EXPECT_TRUE(reader.Finish());
  // Each of several escapes is validated, wherever it stands.
  for (const char* bad :
       {R"(["a\n","b","c\q"])", R"(["a\n\x"])", R"(["a","\n","\u00"])", R"([["\n"],{"\k":1}])"}) {
    ASSERT_TRUE(reader.Start(bad));
    reader.Skip();
    EXPECT_FALSE(reader.Finish()) << bad;
  }
}

TEST(Reader, FinishWantsTheWholeDocument) {
  Reader reader;
  ASSERT_TRUE(reader.Start("[1]"));
  EXPECT_FALSE(reader.Finish());
  ASSERT_TRUE(reader.Start("[1]"));
  ASSERT_TRUE(reader.EnterArray());
  EXPECT_FALSE(reader.Finish());
  ASSERT_TRUE(reader.Start("[1] 2"));
  reader.Skip();
  EXPECT_FALSE(reader.Finish());
}

TEST(Reader, EnteringAnotherKindConsumesNothing) {
  Reader reader;
  ASSERT_TRUE(reader.Start("[1]"));
  EXPECT_FALSE(reader.EnterObject());
  EXPECT_FALSE(reader.failed());
  EXPECT_TRUE(reader.EnterArray());
}

TEST(Reader, ServesManyDocumentsOfAnySize) {
  Reader reader;
  for (const size_t size : {10, 5000, 3000000, 20, 70000}) {
    const std::string text = "[\"" + std::string(size, 'x') + "\",[1,2,3]]";
    ASSERT_TRUE(reader.Start(text));
    reader.Skip();
    EXPECT_TRUE(reader.Finish()) << size;
  }
}

// Mutations of real documents: the answer must be that of an independent parser.
TEST(Reader, AgreesWithAnIndependentParser) {
  const std::vector<std::string> seeds = {
      R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi \"there\" \u00e9\\"}],"n":-1.5e-3,"s":null})",
      R"([true,false,null,0,-0.0,1e9,"",{"a":{"b":[[],{}]}}, "x\ty" ])",
      "{\"t\" : \"gr\xC3\xBC\xC3\x9F\" ,\r\n\"u\":[ 1 , 2 ] }"};
  const std::string alphabet = "{}[]:,\"\\ntfeE+-.0123456789 \n/ux\x01\xC3\xBC";
  std::mt19937 random(7);
  int valid = 0;
  for (int round = 0; round < 60000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    for (unsigned edits = 1 + random() % 3; edits > 0 && !text.empty(); --edits) {
      const size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1 + random() % 2);
      }
    }
    // The other parser refuses half surrogate pairs, which the grammar allows.
    if (text.find("\\ud") != std::string::npos || text.find("\\uD") != std::string::npos) continue;
    // It also refuses numbers that do not fit a double.
    const bool expected = nlohmann::json::accept(text) || text.find("e9") != std::string::npos;
    if (text.find("e9") != std::string::npos && !nlohmann::json::accept(text)) continue;
    valid += expected;
    ASSERT_EQ(Valid(text), expected) << text;
    ASSERT_EQ(ValidByWalking(text), expected) << text;
  }
  EXPECT_GT(valid, 1000);
}

TEST(Numbers, AreReadAsTheyAreWritten) {
  uint64_t value = 0;
  EXPECT_TRUE(ParseUnsigned("18446744073709551615", value));
  EXPECT_EQ(value, UINT64_MAX);
  for (const char* text : {"18446744073709551616", "-1", "1.0", "1e3", "", "1 "}) {
    EXPECT_FALSE(ParseUnsigned(text, value)) << text;
  }
  EXPECT_EQ(ParseDouble("-2.5e1"), -25.0);
  EXPECT_EQ(ParseDouble("1e999"), INFINITY);
  EXPECT_EQ(ParseDouble("-1e999"), -INFINITY);
  EXPECT_EQ(ParseDouble("1e-999"), 0.0);
}

}  // namespace
}  // namespace aisix::json
