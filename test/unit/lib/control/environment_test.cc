#include "lib/control/environment.h"

#include <gtest/gtest.h>

namespace aisix::control {
namespace {

TEST(Environment, SurvivesTheWay) {
  const Environment environment{{"A", ""}, {"KEY", "a=b"}, {"PEM", "line 1\nline 2\n"}};
  absl::StatusOr<Environment> decoded = DecodeEnvironment(EncodeEnvironment(environment));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, environment);
  EXPECT_TRUE(DecodeEnvironment("")->empty());
}

TEST(Environment, RefusesWhatIsNoEnvironment) {
  EXPECT_FALSE(DecodeEnvironment("A=1").ok());
  EXPECT_FALSE(DecodeEnvironment(std::string_view("A\0", 2)).ok());
}

}  // namespace
}  // namespace aisix::control
