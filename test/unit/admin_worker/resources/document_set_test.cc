#include "admin_worker/resources/document_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace aisix::admin {
namespace {

using model::Kind;
using ::testing::ElementsAre;

std::vector<std::string> Names(const DocumentSet& set) {
  std::vector<std::string> names;
  set.ForEach([&](Kind kind, const std::string& id, const DocumentPtr& value) {
    names.push_back(std::string(model::CollectionName(kind)) + "/" + id + "=" + value->json());
  });
  return names;
}

// "-models/a", "+models/b", "~models/c"
std::vector<std::string> Changes(const DocumentSet& before, const DocumentSet& after) {
  std::vector<std::string> changes;
  DocumentSet::ForEachDifference(
      before, after, [&](Kind kind, const std::string& id, const DocumentPtr& old, const DocumentPtr& now) {
        const char* sign = old == nullptr ? "+" : now == nullptr ? "-" : "~";
        changes.push_back(sign + std::string(model::CollectionName(kind)) + "/" + id);
      });
  return changes;
}

TEST(DocumentSet, IsOrderedByKindAndId) {
  const DocumentSet set = {{{Kind::kModel, "b"}, MakeDocument(1, "2")},
                           {{Kind::kApiKey, "z"}, MakeDocument(1, "3")},
                           {{Kind::kModel, "a"}, MakeDocument(1, "1")}};
  EXPECT_THAT(Names(set), ElementsAre("models/a=1", "models/b=2", "api_keys/z=3"));
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(set.Count(Kind::kModel), 2u);
  EXPECT_EQ(set.Count(Kind::kGuardrail), 0u);
  EXPECT_EQ(set.Find(Kind::kModel, "b")->json(), "2");
  EXPECT_EQ(set.Find(Kind::kModel, "c"), nullptr);
  EXPECT_EQ(set.Find(Kind::kGuardrail, "b"), nullptr);
  EXPECT_TRUE(DocumentSet().empty());
}

TEST(DocumentSet, AnEarlierVersionStaysAsItWas) {
  const DocumentSet first = {{{Kind::kModel, "a"}, MakeDocument(1, "1")},
                             {{Kind::kModel, "b"}, MakeDocument(1, "1")}};
  DocumentSet::Editor editor(first);
  editor.Put(Kind::kModel, "a", MakeDocument(2, "2"));
  EXPECT_EQ(editor.Find(Kind::kModel, "a")->revision(), 2);
  const DocumentSet second = editor.Finish();
  EXPECT_TRUE(editor.Erase(Kind::kModel, "b"));
  EXPECT_FALSE(editor.Erase(Kind::kModel, "b"));
  EXPECT_FALSE(editor.Erase(Kind::kApiKey, "b"));
  const DocumentSet third = editor.Finish();
  EXPECT_THAT(Names(first), ElementsAre("models/a=1", "models/b=1"));
  EXPECT_THAT(Names(second), ElementsAre("models/a=2", "models/b=1"));
  EXPECT_THAT(Names(third), ElementsAre("models/a=2"));
  EXPECT_THAT(Changes(first, third), ElementsAre("~models/a", "-models/b"));
  EXPECT_THAT(Changes(third, first), ElementsAre("~models/a", "+models/b"));
  EXPECT_EQ(first.Share(Kind::kModel, "b"), second.Share(Kind::kModel, "b"));
}

TEST(DocumentSet, TheLastDocumentOfAKindMayGo) {
  DocumentSet::Editor editor({{{Kind::kModel, "a"}, MakeDocument(1, "1")}});
  editor.Erase(Kind::kModel, "a");
  EXPECT_TRUE(editor.Finish().empty());
  editor.Put(Kind::kModel, "a", MakeDocument(1, "1"));
  EXPECT_EQ(editor.Finish().size(), 1u);
}

// Many random changes, against a plain map; after each round the difference to the round before is what
// changed.
TEST(DocumentSet, EqualsAPlainMap) {
  std::mt19937 random(4);
  std::map<DocumentKey, std::string> plain;
  DocumentSet set;
  for (int round = 0; round < 60; ++round) {
    const DocumentSet before = set;
    const std::map<DocumentKey, std::string> plain_before = plain;
    DocumentSet::Editor editor(set);
    const int changes = round < 10 ? 1000 : 7;
    for (int i = 0; i < changes; ++i) {
      const DocumentKey key{random() % 8 == 0 ? Kind::kModel : Kind::kApiKey,
                            std::to_string(random() % 5000)};
      if (random() % 3 == 0) {
        EXPECT_EQ(editor.Erase(key), plain.erase(key) == 1);
      } else {
        const std::string json = std::to_string(random());
        editor.Put(key, MakeDocument(round, json));
        plain[key] = json;
      }
    }
    set = editor.Finish();
    std::vector<std::string> expected;
    for (const auto& [key, json] : plain)
      expected.push_back(std::string(model::CollectionName(key.kind)) + "/" + key.id + "=" + json);
    ASSERT_EQ(Names(set), expected);
    ASSERT_EQ(set.size(), plain.size());
    std::vector<std::string> differences;
    for (Kind kind : {Kind::kModel, Kind::kApiKey}) {
      std::map<std::string, std::pair<std::string, std::string>> sides;
      for (const auto& [key, json] : plain_before)
        if (key.kind == kind) sides[key.id].first = json;
      for (const auto& [key, json] : plain)
        if (key.kind == kind) sides[key.id].second = json;
      for (const auto& [id, texts] : sides) {
        if (texts.first == texts.second) continue;
        const char* sign = texts.first.empty() ? "+" : texts.second.empty() ? "-" : "~";
        differences.push_back(sign + std::string(model::CollectionName(kind)) + "/" + id);
      }
    }
    ASSERT_EQ(Changes(before, set), differences);
  }
}

TEST(DocumentSet, ADifferenceLooksOnlyAtLeavesThatChanged) {
  DocumentSet::Editor editor;
  for (int i = 100'000; i < 110'000; ++i) editor.Put(Kind::kApiKey, std::to_string(i), MakeDocument(1, "{}"));
  const DocumentSet before = editor.Finish();
  editor.Put(Kind::kApiKey, "105000", MakeDocument(2, "{}"));
  const DocumentSet after = editor.Finish();
  EXPECT_THAT(Changes(before, after), ElementsAre("~api_keys/105000"));
  // All values but those of one leaf are held by one table entry only.
  size_t copied = 0;
  before.ForEach(Kind::kApiKey, [&](const std::string&, const DocumentPtr& value) {
    if (value.use_count() > 1) ++copied;
  });
  EXPECT_LE(copied, DocumentSet::kLeafSize);
}

}  // namespace
}  // namespace aisix::admin
