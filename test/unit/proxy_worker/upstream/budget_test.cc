#include "proxy_worker/upstream/budget.h"

#include <gtest/gtest.h>

#include <optional>

namespace aisix::proxy {
namespace {

Budget Of(std::optional<uint64_t> timeout, std::optional<uint64_t> stream_timeout, uint64_t default_timeout,
          uint64_t default_stream_timeout) {
  model::Model model;
  model.timeout_ms = timeout;
  model.stream_timeout_ms = stream_timeout;
  config::UpstreamPart defaults;
  defaults.timeout_ms = default_timeout;
  defaults.stream_timeout_ms = default_stream_timeout;
  return BudgetOf(model, defaults);
}

TEST(Budget, WholeRepliesTakeTheModelsTimeoutElseTheDefault) {
  EXPECT_EQ(Of(10, 20, 30, 40).whole_ms, 10u);
  EXPECT_EQ(Of(std::nullopt, 20, 30, 40).whole_ms, 30u);
  EXPECT_EQ(Of(0, 20, 30, 40).whole_ms, 0u) << "an explicit 0 is no deadline";
}

TEST(Budget, StreamsLookInFourPlaces) {
  EXPECT_EQ(Of(10, 20, 30, 40).stream_ms, 20u);
  EXPECT_EQ(Of(10, 0, 30, 40).stream_ms, 10u) << "0 is as if absent";
  EXPECT_EQ(Of(10, std::nullopt, 30, 40).stream_ms, 10u);
  EXPECT_EQ(Of(0, std::nullopt, 30, 40).stream_ms, 0u) << "an explicit 0 ends the search";
  EXPECT_EQ(Of(std::nullopt, std::nullopt, 30, 40).stream_ms, 40u);
  EXPECT_EQ(Of(std::nullopt, std::nullopt, 30, 0).stream_ms, 30u);
}

TEST(Budget, TheFirstChunkIsAwaitedWhenTheModelSetsTheBudget) {
  EXPECT_TRUE(Of(std::nullopt, 20, 30, 40).await_first_chunk);
  EXPECT_TRUE(Of(10, std::nullopt, 30, 40).await_first_chunk);
  EXPECT_FALSE(Of(0, std::nullopt, 30, 40).await_first_chunk);
  EXPECT_FALSE(Of(std::nullopt, std::nullopt, 30, 40).await_first_chunk);
  EXPECT_FALSE(Of(std::nullopt, 0, 30, 40).await_first_chunk);
}

}  // namespace
}  // namespace aisix::proxy
