#include "admin_worker/resources/saved_state.h"

#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

TEST(SavedState, RoundTrip) {
  Configuration configuration;
  configuration.generation = 7;
  configuration.config_hash = "abc";
  configuration.documents[{model::Kind::kModel, "a/b"}] = {5, R"({"x":"ä"})"};
  configuration.documents[{model::Kind::kApiKey, "k"}] = {7, "{}"};
  const auto saved = DecodeState(EncodeState(configuration, {{"n", 1}}));
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->configuration.generation, 7);
  EXPECT_EQ(saved->configuration.config_hash, "abc");
  EXPECT_EQ(saved->configuration.documents, configuration.documents);
  EXPECT_EQ(saved->status, (nlohmann::json{{"n", 1}}));
}

TEST(SavedState, WhatIsNoState) {
  for (const char* text :
       {"", "x", "[]", R"({"version":2})", R"({"version":1})",
        R"({"version":1,"revision":1,"config_hash":"","status":{},"entries":[{"key":"models/a",
                               "value_b64":"*","revision":1}]})",
        R"({"version":1,"revision":1,"config_hash":"","status":{},"entries":[{"key":"nope/a",
                               "value_b64":"e30=","revision":1}]})"})
    EXPECT_FALSE(DecodeState(text)) << text;
}

}  // namespace
}  // namespace aisix::admin
