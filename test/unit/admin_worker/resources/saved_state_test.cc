#include "admin_worker/resources/saved_state.h"

#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

TEST(SavedState, RoundTrip) {
  Configuration configuration;
  configuration.generation = 7;
  configuration.config_hash = "abc";
  configuration.documents = {{{model::Kind::kModel, "a/b"}, MakeDocument(5, R"({"x":"ä"})")},
                             {{model::Kind::kApiKey, "k"}, MakeDocument(7, "{}")}};
  const auto saved = DecodeState(EncodeState(configuration, {{"n", 1}}));
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->configuration.generation, 7);
  EXPECT_EQ(saved->configuration.config_hash, "abc");
  ASSERT_EQ(saved->configuration.documents.size(), 2u);
  const DocumentValue* model = saved->configuration.documents.Find(model::Kind::kModel, "a/b");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->revision(), 5);
  EXPECT_EQ(model->json(), R"({"x":"ä"})");
  EXPECT_NE(saved->configuration.documents.Find(model::Kind::kApiKey, "k"), nullptr);
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
