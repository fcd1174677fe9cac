#include "admin_worker/resources/document_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace aisix::admin
