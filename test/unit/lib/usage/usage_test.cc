#include "lib/usage/usage.h"

#include <gtest/gtest.h>

namespace aisix::usage {
namespace {

TEST(TokenCounts, TotalAddsCacheTokensOutsideThePromptButNotThoseInsideIt) {
  TokenCounts openai;
  openai.prompt = 21;
  openai.completion = 9;
  openai.cached_prompt = 16;
  openai.reasoning = 5;
  EXPECT_EQ(openai.CacheInclusiveTotal(), 30u);

  TokenCounts anthropic;
  anthropic.prompt = 10;
  anthropic.completion = 5;
  anthropic.cache_creation = 100;
  anthropic.cache_read = 1000;
  EXPECT_EQ(anthropic.CacheInclusiveTotal(), 1115u);
}

TEST(TokenCounts, RaiseToKeepsTheMaximumOfEachCounter) {
  TokenCounts seen;
  seen.prompt = 7;
  seen.completion = 3;
  TokenCounts chunk;
  chunk.prompt = 5;
  chunk.completion = 8;
  chunk.total = 15;
  chunk.reasoning = 2;
  seen.RaiseTo(chunk);
  EXPECT_EQ(seen.prompt, 7u);
  EXPECT_EQ(seen.completion, 8u);
  EXPECT_EQ(seen.total, 15u);
  EXPECT_EQ(seen.reasoning, 2u);
  EXPECT_FALSE(seen.Empty());
  EXPECT_TRUE(TokenCounts().Empty());
}

TEST(Cost, PricesPromptAndCompletionPerThousand) {
  TokenCounts tokens;
  tokens.prompt = 21;
  tokens.completion = 9;
  const Price price{0.0025, 0.01};
  EXPECT_DOUBLE_EQ(CostUsd(tokens, price), 0.0025 * 0.021 + 0.01 * 0.009);
  EXPECT_EQ(CostMicroUsd(tokens, price), 143u);  // 142.5 rounds up
  EXPECT_EQ(CostMicroUsd(tokens, Price{}), 0u);
}

TEST(Names, AreTheTokensOfUsageEvents) {
  EXPECT_EQ(Name(AttemptKind::kInitial), "initial");
  EXPECT_EQ(Name(AttemptKind::kRetry), "retry");
  EXPECT_EQ(Name(ErrorClass::kUpstreamInBand), "upstream_in_band");
  EXPECT_EQ(Name(ErrorClass::kNone), "");
}

}  // namespace
}  // namespace aisix::usage
