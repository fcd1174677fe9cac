#include "proxy_worker/upstream/retry.h"

#include <gtest/gtest.h>

#include <optional>

namespace aisix::proxy {
namespace {

RetryPolicy Policy(std::optional<uint32_t> of_model, uint64_t of_deployment) {
  model::Model model;
  model.retries = of_model;
  config::UpstreamPart defaults;
  defaults.retries = of_deployment;
  return RetryPolicy::Of(model, defaults);
}

Failure Plain() {
  return DecodeFailure("x");
}

TEST(RetryPolicy, TakesTheModelsCountElseTheDeployments) {
  EXPECT_TRUE(Policy(std::nullopt, 2).Allows(Plain(), 1));
  EXPECT_TRUE(Policy(std::nullopt, 2).Allows(Plain(), 2));
  EXPECT_FALSE(Policy(std::nullopt, 2).Allows(Plain(), 3));
  EXPECT_FALSE(Policy(0, 2).Allows(Plain(), 1));
  EXPECT_TRUE(Policy(1, 0).Allows(Plain(), 1));
  EXPECT_FALSE(Policy(1, 0).Allows(Plain(), 2));
}

TEST(RetryPolicy, TimeoutsAreRetriedOnlyWhenTheModelSaysSo) {
  EXPECT_FALSE(Policy(std::nullopt, 2).Allows(TimeoutFailure(5), 1));
  EXPECT_TRUE(Policy(1, 2).Allows(TimeoutFailure(5), 1));
}

TEST(RetryPolicy, WhatIsNotRetryableEndsTheRequest) {
  Failure failure = Plain();
  failure.retryable = false;
  EXPECT_FALSE(Policy(5, 5).Allows(failure, 1));
}

TEST(RetryPolicy, KnowsWhetherAnotherAttemptCouldFollow) {
  EXPECT_TRUE(Policy(std::nullopt, 2).MayFollow(0));
  EXPECT_TRUE(Policy(std::nullopt, 2).MayFollow(1));
  EXPECT_FALSE(Policy(std::nullopt, 2).MayFollow(2));
  EXPECT_FALSE(Policy(0, 2).MayFollow(0));
}

TEST(Backoff, DoublesUpToTwoSecondsWithJitter) {
  std::minstd_rand random(1);
  const uint64_t expected[] = {250, 500, 1000, 2000, 2000, 2000};
  for (uint32_t retry = 1; retry <= 6; ++retry) {
    for (int i = 0; i < 200; ++i) {
      const uint64_t wait = BackoffMs(retry, Plain(), random);
      EXPECT_GE(wait, expected[retry - 1]);
      EXPECT_LE(wait, expected[retry - 1] + 250);
    }
  }
  EXPECT_LE(BackoffMs(4'000'000'000, Plain(), random), 2250u);
}

TEST(Backoff, HonoursAShortRetryAfter) {
  std::minstd_rand random(1);
  Failure failure = Plain();
  failure.retry_after = 5;
  EXPECT_GE(BackoffMs(1, failure, random), 5000u);
  failure.retry_after = 0;
  EXPECT_LE(BackoffMs(4, failure, random), 250u);
  failure.retry_after = 6;
  EXPECT_LE(BackoffMs(1, failure, random), 500u);
}

}  // namespace
}  // namespace aisix::proxy
