#include "lib/json/text.h"

#include <gtest/gtest.h>

namespace aisix::json {
namespace {

using namespace std::string_literals;

std::string Quoted(std::string_view text) {
  std::string out;
  AppendString(out, text);
  return out;
}

TEST(AppendString, EscapesWhatJsonForbids) {
  EXPECT_EQ(Quoted("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(Quoted("\n\r\t\b\f\x01\x1f\x7f"s), "\"\\n\\r\\t\\b\\f\\u0001\\u001f\x7f\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"), "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\"");
}

TEST(AppendString, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(Quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(Quoted("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Quoted("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(FindStringEnd, FindsTheClosingQuote) {
  for (const std::string content :
       {"", "a", "seven b", "eight by", "nine byte", R"(a \" b)", R"(\\)", R"(sixteen bytes   \n)",
        R"(\u00e9\ud83d)", "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80", "del \x7f"}) {
    EXPECT_EQ(FindStringEnd("<\"" + content + "\",\"x\"", 2), content.size() + 3) << content;
    EXPECT_EQ(FindStringEnd("<\"" + content, 2), 0u) << content;
  }
}

TEST(FindStringEnd, RefusesWhatIsNoString) {
  for (const std::string content :
       {"a\n", "\x1f", "seven b\x01", "eight by\x02", R"(\x)", R"(\u12g4)", R"(\u12)", "\xFF", "a\xC3",
        "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_EQ(FindStringEnd(content + "\"", 0), 0u) << content;
  }
  EXPECT_EQ(FindStringEnd("\\\"", 0), 0u);
  EXPECT_EQ(FindStringEnd("\\", 0), 0u);
}

TEST(AppendUnescaped, ReadsEveryEscape) {
  std::string out = "<";
  EXPECT_TRUE(AppendUnescaped(out, R"(a\"\\\/\b\f\n\r\t\u0041\u00fc\u20AC\ud83d\ude00z)"));
  EXPECT_EQ(out, "<a\"\\/\b\f\n\r\tA\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z");
}

TEST(AppendUnescaped, RefusesHalfASurrogatePair) {
  for (const char* half : {R"(\ud83d)", R"(\ude00)", R"(\ud83dx)", R"(\ud83d\u0041)", R"(\ud83d\n)"}) {
    std::string out = "x";
    EXPECT_FALSE(AppendUnescaped(out, half)) << half;
    EXPECT_EQ(out, "x");
  }
}

TEST(ReplaceInvalidUtf8, PutsOneReplacementPerMaximalPart) {
  EXPECT_EQ(ReplaceInvalidUtf8("ab"), "ab");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xE2\x82z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(ReplaceInvalidUtf8("\xFF\xFE"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(ReplaceInvalidUtf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(ReplaceInvalidUtf8("x\xF0\x9F\x98"), "x\xEF\xBF\xBD");
}

TEST(Utf8Prefix, CutsBetweenCharacters) {
  EXPECT_EQ(Utf8Prefix("abc", 3), "abc");
  EXPECT_EQ(Utf8Prefix("abc", 2), "ab");
  EXPECT_EQ(Utf8Prefix("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(Utf8Prefix("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(Utf8Prefix("\xE2\x82\xAC", 1), "");
}

}  // namespace
}  // namespace aisix::json
