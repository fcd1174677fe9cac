#include "lib/persistent/map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace aisix::persistent {
namespace {

using ::testing::ElementsAre;
using Texts = Map<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs All(const Texts& map) {
  Pairs pairs;
  map.ForEach([&](const std::string& key, const std::string& value) { pairs.emplace_back(key, value); });
  return pairs;
}

// "-a", "+b", "~c"
std::vector<std::string> Changes(const Texts& before, const Texts& after) {
  std::vector<std::string> changes;
  Texts::ForEachDifference(before, after,
                           [&](const std::string& key, const std::string* old, const std::string* now) {
                             changes.push_back((old == nullptr ? "+" : now == nullptr ? "-" : "~") + key);
                           });
  return changes;
}

TEST(PersistentMap, AnEarlierVersionStaysAsItWas) {
  Texts::Editor editor;
  editor.Put("b", "1");
  editor.Put("a", "1");
  const Texts first = editor.Finish();
  editor.Put("a", "2");
  EXPECT_EQ(*editor.Find("a"), "2");
  const Texts second = editor.Finish();
  EXPECT_TRUE(editor.Erase("b"));
  EXPECT_FALSE(editor.Erase("b"));
  const Texts third = editor.Finish();
  EXPECT_THAT(All(first), ElementsAre(std::pair("a", "1"), std::pair("b", "1")));
  EXPECT_THAT(All(second), ElementsAre(std::pair("a", "2"), std::pair("b", "1")));
  EXPECT_THAT(All(third), ElementsAre(std::pair("a", "2")));
  EXPECT_THAT(Changes(first, third), ElementsAre("~a", "-b"));
  EXPECT_THAT(Changes(third, first), ElementsAre("~a", "+b"));
  EXPECT_THAT(Changes({}, first), ElementsAre("+a", "+b"));
  EXPECT_EQ(third.Find("b"), nullptr);
  EXPECT_TRUE(Texts().empty());
  EXPECT_EQ(Texts().Find(""), nullptr);
}

TEST(PersistentMap, MayBecomeEmptyAndBeFilledAgain) {
  Texts::Editor editor;
  editor.Put("a", "1");
  editor.Erase("a");
  EXPECT_TRUE(editor.Finish().empty());
  editor.Put("a", "1");
  EXPECT_EQ(editor.Finish().size(), 1u);
}

// Many random changes, against a plain map; after each round the difference to the round before is what
// changed.
TEST(PersistentMap, EqualsAPlainMap) {
  std::mt19937 random(4);
  std::map<std::string, std::string> plain;
  Texts map;
  for (int round = 0; round < 60; ++round) {
    const Texts before = map;
    const std::map<std::string, std::string> plain_before = plain;
    Texts::Editor editor(map);
    const int changes = round < 10 ? 1000 : round == 30 ? 20'000 : 7;
    for (int i = 0; i < changes; ++i) {
      const std::string key = std::to_string(random() % 5000);
      const unsigned erase_of = round == 30 ? 5 : 1;  // one round empties most of it
      if (random() % 6 < 2 * erase_of) {
        ASSERT_EQ(editor.Erase(key), plain.erase(key) == 1);
      } else {
        plain[key] = std::to_string(random());
        editor.Put(key, plain[key]);
      }
      ASSERT_EQ(editor.Find(key) != nullptr, plain.contains(key));
    }
    map = editor.Finish();
    ASSERT_EQ(All(map), Pairs(plain.begin(), plain.end()));
    ASSERT_EQ(map.size(), plain.size());
    for (const auto& [key, value] : plain) ASSERT_EQ(*map.Find(key), value);
    std::map<std::string, std::string> signs;
    for (const auto& [key, value] : plain_before)
      if (!plain.contains(key)) signs[key] = "-";
    for (const auto& [key, value] : plain) {
      const auto old = plain_before.find(key);
      if (old == plain_before.end()) {
        signs[key] = "+";
      } else if (old->second != value) {
        signs[key] = "~";
      }
    }
    std::vector<std::string> expected;
    for (const auto& [key, sign] : signs) expected.push_back(sign + key);
    ASSERT_EQ(Changes(before, map), expected);
  }
}

TEST(PersistentMap, AChangeCopiesOneLeaf) {
  using Shared = Map<std::shared_ptr<int>>;
  Shared::Editor editor;
  for (int i = 100'000; i < 110'000; ++i) editor.Put(std::to_string(i), std::make_shared<int>(i));
  const Shared before = editor.Finish();
  editor.Put("105000", std::make_shared<int>(0));
  const Shared after = editor.Finish();
  size_t copied = 0;
  before.ForEach(
      [&](const std::string&, const std::shared_ptr<int>& value) { copied += value.use_count() > 1; });
  EXPECT_GT(copied, 0u);
  EXPECT_LT(copied, Shared::kLeafSize);
}

}  // namespace
}  // namespace aisix::persistent
