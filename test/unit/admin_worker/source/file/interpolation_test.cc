#include "admin_worker/source/file/interpolation.h"

#include <gtest/gtest.h>

namespace aisix::admin::file {
namespace {

const Variables kVariables{{"A", "1"}, {"B", "two"}, {"EMPTY", ""}, {"NESTED", "${A}"}};

std::string Good(std::string_view text) {
  const auto result = Interpolate(text, kVariables);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.value_or("");
}

std::string Bad(std::string_view text) {
  return std::string(Interpolate(text, kVariables).status().message());
}

TEST(Interpolation, Variables) {
  EXPECT_EQ(Good("plain"), "plain");
  EXPECT_EQ(Good("${A}"), "1");
  EXPECT_EQ(Good("x${A}-${B}${A}y"), "x1-two1y");
  EXPECT_EQ(Good("${NESTED}"), "${A}");  // results are not interpolated again
}

TEST(Interpolation, Dollars) {
  EXPECT_EQ(Good("$$"), "$");
  EXPECT_EQ(Good("$${A}"), "${A}");
  EXPECT_EQ(Good("$$${A}"), "$1");
  EXPECT_EQ(Good("$A $ x$"), "$A $ x$");
}

TEST(Interpolation, Errors) {
  EXPECT_EQ(Bad("${UNSET}"), "environment variable `UNSET` is unset or empty");
  EXPECT_EQ(Bad("${EMPTY}"), "environment variable `EMPTY` is unset or empty");
  EXPECT_EQ(Bad("${A:-x}"), "environment variable `A:-x` is unset or empty");
  EXPECT_EQ(Bad("${}"), "empty variable name in `${}`");
  EXPECT_EQ(Bad("secret ${A"),
            "unterminated `${` in value \"…\" — close it with `}` or escape the dollar sign as `$$`");
}

}  // namespace
}  // namespace aisix::admin::file
