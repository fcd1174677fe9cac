#include "lib/model/name_pattern.h"

#include <gtest/gtest.h>

#include <vector>

namespace aisix::model {
namespace {

TEST(NamePattern, WithoutStarIsEquality) {
  EXPECT_TRUE(PatternMatches("gpt-4o", "gpt-4o"));
  EXPECT_FALSE(PatternMatches("gpt-4o", "GPT-4o"));
  EXPECT_FALSE(PatternMatches("gpt-4o", "gpt-4o-mini"));
  EXPECT_TRUE(PatternMatches("", ""));
}

TEST(NamePattern, OneStarMatchesAnyRun) {
  EXPECT_TRUE(PatternMatches("*", ""));
  EXPECT_TRUE(PatternMatches("*", "a/b"));
  EXPECT_TRUE(PatternMatches("openai/*", "openai/"));
  EXPECT_TRUE(PatternMatches("openai/*", "openai/a/b"));
  EXPECT_TRUE(PatternMatches("a*c", "ac"));
  EXPECT_FALSE(PatternMatches("a*c", "acd"));
  EXPECT_FALSE(PatternMatches("openai/*", "openai"));
}

TEST(NamePattern, PrefixAndSuffixDoNotOverlap) {
  EXPECT_FALSE(PatternMatches("aba*ba", "aba"));
  EXPECT_TRUE(PatternMatches("aba*ba", "ababa"));
}

TEST(NamePattern, TwoStarsMatchNothing) {
  EXPECT_FALSE(PatternMatches("a*b*", "a*b*"));
  EXPECT_FALSE(PatternMatches("**", "x"));
}

TEST(NamePattern, Capture) {
  EXPECT_EQ(PatternCapture("openai/*-x", "openai/gpt-x"), "gpt");
  EXPECT_EQ(PatternCapture("openai", "openai"), std::nullopt);
}

TEST(NamePattern, EmptyGrantDeniesEverything) {
  EXPECT_FALSE(AnyPatternMatches(std::vector<std::string>{}, "a"));
  EXPECT_TRUE(AnyPatternMatches(std::vector<std::string>{"b", "a*"}, "ab"));
}

TEST(NamePattern, WildcardNames) {
  EXPECT_TRUE(IsWildcardName("a/*"));
  EXPECT_FALSE(IsWildcardName("a"));
  EXPECT_FALSE(IsWildcardName("*a*"));
}

TEST(NamePattern, ExpandReplacesTheFirstStar) {
  EXPECT_EQ(ExpandWildcard("*", "gpt"), "gpt");
  EXPECT_EQ(ExpandWildcard("v1-*-latest", "gpt"), "v1-gpt-latest");
  EXPECT_EQ(ExpandWildcard("fixed", "gpt"), "fixed");
  EXPECT_EQ(ExpandWildcard("", "gpt"), "gpt");
  EXPECT_EQ(ExpandWildcard("*-*", "a"), "a-*");
}

}  // namespace
}  // namespace aisix::model
