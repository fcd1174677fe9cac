#include "admin_worker/push/refusal_table.h"

#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using model::Kind;

const DocumentKey kKey{Kind::kModel, "m"};

DocumentSet With(int64_t revision, const std::string& text) {
  return {{kKey, MakeDocument(revision, text)}, {{Kind::kModel, "other"}, MakeDocument(1, "o")}};
}

TEST(RefusalTable, ThePreviousValueStandsInUntilTheTextChanges) {
  RefusalTable table;
  const DocumentSet good = With(1, "good");
  const DocumentSet bad = With(2, "bad");
  EXPECT_EQ(table.Substitute(bad).Find(kKey)->json(), "bad");
  table.Add("proxy", kKey, "why", bad, good);
  EXPECT_EQ(table.Substitute(bad).Find(kKey)->json(), "good");
  EXPECT_EQ(table.Substitute(bad).Find(kKey)->revision(), 1);
  EXPECT_EQ(table.Substitute(With(3, "bad")).Find(kKey)->json(), "good");
  ASSERT_EQ(table.List().size(), 1u);
  EXPECT_EQ(table.List()[0].revision, 2);
  EXPECT_EQ(table.List()[0].reason, "why");
  EXPECT_TRUE(table.List()[0].previous_serves);
  EXPECT_EQ(table.Substitute(With(4, "better")).Find(kKey)->json(), "better");
  EXPECT_TRUE(table.empty());
}

TEST(RefusalTable, ADeletedDocumentIsForgotten) {
  RefusalTable table;
  table.Add("proxy", kKey, "why", With(2, "bad"), With(1, "good"));
  EXPECT_EQ(table.Substitute({}).size(), 0u);
  EXPECT_TRUE(table.empty());
}

TEST(RefusalTable, WithoutAPredecessorItIsAbsent) {
  RefusalTable table;
  table.Add("proxy", kKey, "why", With(2, "bad"), {});
  EXPECT_EQ(table.Substitute(With(2, "bad")).Find(kKey), nullptr);
  EXPECT_EQ(table.Substitute(With(2, "bad")).size(), 1u);
  EXPECT_FALSE(table.List()[0].previous_serves);
  // The same text again is no predecessor.
  RefusalTable other;
  other.Add("proxy", kKey, "why", With(2, "bad"), With(1, "bad"));
  EXPECT_EQ(other.Substitute(With(2, "bad")).Find(kKey), nullptr);
}

TEST(RefusalTable, ARefusedSubstituteIsGivenUp) {
  RefusalTable table;
  const DocumentSet good = With(1, "good");
  const DocumentSet bad = With(2, "bad");
  table.Add("proxy", kKey, "why", bad, good);
  table.Add("proxy", kKey, "this too", table.Substitute(bad), bad);
  EXPECT_EQ(table.Substitute(bad).Find(kKey), nullptr);
  EXPECT_EQ(table.List()[0].reason, "why");
}

TEST(RefusalTable, WhatWasNotPushedCannotBeRefused) {
  RefusalTable table;
  table.Add("proxy", {Kind::kModel, "unknown"}, "why", With(1, "good"), {});
  EXPECT_TRUE(table.empty());
}

}  // namespace
}  // namespace aisix::admin
