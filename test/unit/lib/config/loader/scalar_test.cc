#include "lib/config/loader/scalar.h"

#include <cmath>

#include "gtest/gtest.h"

namespace aisix::config {
namespace {

TEST(ScalarTest, ParsesSignedNumbersCompletely) {
  EXPECT_EQ(ParseSigned("0"), 0);
  EXPECT_EQ(ParseSigned("00123"), 123);
  EXPECT_EQ(ParseSigned("+5"), 5);
  EXPECT_EQ(ParseSigned("-5"), -5);
  EXPECT_EQ(ParseSigned("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseSigned("-9223372036854775808"), INT64_MIN);
  for (const char* bad :
       {"", "+", "-", "+-5", "--5", " 5", "5 ", "5x", "1.0", "0x10", "9223372036854775808"}) {
    EXPECT_FALSE(ParseSigned(bad).has_value()) << bad;
  }
  EXPECT_EQ(ParseUnsigned("18446744073709551615"), UINT64_MAX);
  EXPECT_FALSE(ParseUnsigned("-1").has_value());
}

TEST(ScalarTest, ParsesFloatsCompletely) {
  EXPECT_EQ(ParseFloat("1"), 1.0);
  EXPECT_EQ(ParseFloat("1."), 1.0);
  EXPECT_EQ(ParseFloat(".5"), 0.5);
  EXPECT_EQ(ParseFloat("1e5"), 1e5);
  EXPECT_EQ(ParseFloat("-1E-2"), -0.01);
  EXPECT_EQ(ParseFloat("+2.5e+1"), 25.0);
  EXPECT_TRUE(std::isinf(*ParseFloat("inf")));
  EXPECT_LT(*ParseFloat("-Infinity"), 0);
  EXPECT_TRUE(std::isnan(*ParseFloat("NaN")));
  for (const char* bad : {"", ".", "e5", "1e", "1e+", "0x1p3", "1_000", " 1", "1 ", "infx", "-", "1.2.3"}) {
    EXPECT_FALSE(ParseFloat(bad).has_value()) << bad;
  }
}

TEST(ScalarTest, RendersFloatsWithoutExponent) {
  EXPECT_EQ(FloatText(1e3), "1000");
  EXPECT_EQ(FloatText(0.005), "0.005");
  EXPECT_EQ(FloatText(1e21), "1000000000000000000000");
  EXPECT_EQ(FloatText(-2.5), "-2.5");
  EXPECT_EQ(FloatText(INFINITY), "inf");
  EXPECT_EQ(FloatText(-INFINITY), "-inf");
  EXPECT_EQ(FloatText(NAN), "NaN");
}

struct YamlCase {
  const char* text;
  Value::Kind kind;
  const char* rendered;
};

class YamlScalarTest : public testing::TestWithParam<YamlCase> {};

TEST_P(YamlScalarTest, HasItsType) {
  Value value = YamlScalar(GetParam().text, "origin");
  EXPECT_EQ(value.kind, GetParam().kind) << GetParam().text;
  EXPECT_EQ(Describe(value), GetParam().rendered);
  EXPECT_EQ(value.origin, "origin");
}

INSTANTIATE_TEST_SUITE_P(All, YamlScalarTest,
                         testing::Values(YamlCase{"", Value::Kind::kNull, "unit value"},
                                         YamlCase{"~", Value::Kind::kNull, "unit value"},
                                         YamlCase{"null", Value::Kind::kNull, "unit value"},
                                         YamlCase{"Null", Value::Kind::kString, "string \"Null\""},
                                         YamlCase{"true", Value::Kind::kBoolean, "boolean `true`"},
                                         YamlCase{"false", Value::Kind::kBoolean, "boolean `false`"},
                                         YamlCase{"True", Value::Kind::kString, "string \"True\""},
                                         YamlCase{"yes", Value::Kind::kString, "string \"yes\""},
                                         YamlCase{"on", Value::Kind::kString, "string \"on\""},
                                         YamlCase{"12", Value::Kind::kInteger, "64-bit integer `12`"},
                                         YamlCase{"+12", Value::Kind::kInteger, "64-bit integer `12`"},
                                         YamlCase{"0x1F", Value::Kind::kInteger, "64-bit integer `31`"},
                                         YamlCase{"0o17", Value::Kind::kInteger, "64-bit integer `15`"},
                                         YamlCase{"017", Value::Kind::kInteger, "64-bit integer `17`"},
                                         YamlCase{"1.5", Value::Kind::kFloat, "floating point `1.5`"},
                                         YamlCase{"1e3", Value::Kind::kFloat, "floating point `1000`"},
                                         YamlCase{".inf", Value::Kind::kFloat, "floating point `inf`"},
                                         YamlCase{"-.INF", Value::Kind::kFloat, "floating point `-inf`"},
                                         YamlCase{".nan", Value::Kind::kFloat, "floating point `NaN`"},
                                         YamlCase{"inf", Value::Kind::kFloat, "floating point `inf`"},
                                         YamlCase{"0xZZ", Value::Kind::kString, "string \"0xZZ\""},
                                         YamlCase{"127.0.0.1:1", Value::Kind::kString,
                                                  "string \"127.0.0.1:1\""}));

TEST(ScalarTest, QuotesWhatCannotBePrinted) {
  EXPECT_EQ(Quote("a\"\\\n\t\r\x01é"), "\"a\\\"\\\\\\n\\t\\r\\u{1}é\"");
}

TEST(ScalarTest, KnowsUtf8) {
  for (const char* good : {"", "abc", "é", "€", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "a\xff"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

}  // namespace
}  // namespace aisix::config
