#include "lib/persistent/index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <string_view>

#include "absl/hash/hash.h"

namespace aisix::persistent {
namespace {

struct Thing {
  std::string name;
  int value = 0;
};

struct ByName {
  using Key = std::string_view;
  static Key KeyOf(const Thing& thing) { return thing.name; }
  static size_t Hash(Key key) { return absl::HashOf(key); }
};

using Things = Index<Thing, ByName>;

std::shared_ptr<const Thing> Make(const std::string& name, int value) {
  return std::make_shared<const Thing>(Thing{name, value});
}

std::map<std::string, int> All(const Things& things) {
  std::map<std::string, int> all;
  things.ForEach([&](const std::shared_ptr<const Thing>& thing) { all[thing->name] = thing->value; });
  return all;
}

TEST(PersistentIndex, AnEarlierVersionStaysAsItWas) {
  Things::Editor editor;
  EXPECT_EQ(Things().Find("a"), nullptr);
  editor.Put(Make("a", 1));
  editor.Put(Make("b", 1));
  const Things first = editor.Finish();
  editor.Put(Make("a", 2));
  EXPECT_EQ(editor.Find("a")->value, 2);
  const Things second = editor.Finish();
  EXPECT_TRUE(editor.Erase("b"));
  EXPECT_FALSE(editor.Erase("b"));
  const Things third = editor.Finish();
  EXPECT_EQ(All(first), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(All(second), (std::map<std::string, int>{{"a", 2}, {"b", 1}}));
  EXPECT_EQ(All(third), (std::map<std::string, int>{{"a", 2}}));
  EXPECT_EQ(first.Share("b"), second.Share("b"));
  EXPECT_EQ(third.Find("b"), nullptr);
}

TEST(PersistentIndex, AReplacedObjectIsLetGoAlthoughItHeldTheKey) {
  Things::Editor editor;
  std::shared_ptr<const Thing> thing = Make("a name that is long enough to live on the heap", 1);
  const std::weak_ptr<const Thing> life = thing;
  const std::string name = thing->name;
  editor.Put(std::move(thing));
  editor.Put(Make(name, 2));
  EXPECT_TRUE(life.expired());
  EXPECT_EQ(editor.Find(name)->value, 2);
}

TEST(PersistentIndex, EqualsAPlainMap) {
  std::mt19937 random(5);
  std::map<std::string, int> plain;
  Things::Editor editor;
  for (int round = 0; round < 40; ++round) {
    const Things before = editor.Finish();
    const std::map<std::string, int> plain_before = plain;
    for (int i = 0; i < (round < 10 ? 2000 : 20); ++i) {
      const std::string name = std::to_string(random() % 6000);
      if (random() % 3 == 0) {
        ASSERT_EQ(editor.Erase(name), plain.erase(name) == 1);
      } else {
        plain[name] = static_cast<int>(random() % 1000);
        editor.Put(Make(name, plain[name]));
      }
    }
    ASSERT_EQ(All(editor.Finish()), plain);
    ASSERT_EQ(All(before), plain_before);
  }
}

TEST(PersistentIndex, AChangeCopiesOneShard) {
  Things::Editor editor;
  for (int i = 0; i < 100'000; ++i) editor.Put(Make(std::to_string(i), i));
  const Things before = editor.Finish();
  editor.Put(Make("7", 0));
  const Things after = editor.Finish();
  size_t copied = 0;
  after.ForEach([&](const std::shared_ptr<const Thing>& thing) { copied += thing.use_count() > 1; });
  EXPECT_GT(copied, 10u);
  EXPECT_LT(copied, 300u);
}

}  // namespace
}  // namespace aisix::persistent
