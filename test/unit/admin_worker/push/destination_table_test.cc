#include "admin_worker/push/destination_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using model::Kind;
using ::testing::ElementsAre;

DocumentPtr Key(const std::string& base) {
  return MakeDocument(
      1,
      R"({"display_name":"b","api_key":"s","adapter":"openai","provider":"x","api_base":")" + base + R"("})");
}

std::vector<std::string> Places(const DestinationTable& table) {
  std::vector<std::string> places;
  table.destinations().ForEach([&](const std::string& place, uint32_t) { places.push_back(place); });
  return places;
}

TEST(DestinationTable, CountsItsUsers) {
  DestinationTable table({"redis:6379"});
  DocumentSet::Editor editor;
  editor.Put(Kind::kProviderKey, "1", Key("http://10.0.0.1:8000/v1"));
  editor.Put(Kind::kProviderKey, "2", Key("http://10.0.0.1:8000/v2"));
  editor.Put(Kind::kModel, "m", MakeDocument(1, R"({"display_name":"m"})"));
  EXPECT_TRUE(table.Update(editor.Finish()));
  EXPECT_THAT(Places(table), ElementsAre("10.0.0.1:8000", "redis:6379"));
  editor.Erase(Kind::kProviderKey, "1");
  EXPECT_FALSE(table.Update(editor.Finish()));
  EXPECT_THAT(Places(table), ElementsAre("10.0.0.1:8000", "redis:6379"));
  editor.Put(Kind::kProviderKey, "2", Key("http://10.0.0.1:8000/v3"));
  EXPECT_FALSE(table.Update(editor.Finish()));
  editor.Put(Kind::kProviderKey, "2", Key("https://other.example"));
  EXPECT_TRUE(table.Update(editor.Finish()));
  EXPECT_THAT(Places(table), ElementsAre("other.example:443", "redis:6379"));
  EXPECT_TRUE(table.Update({}));
  EXPECT_THAT(Places(table), ElementsAre("redis:6379"));
}

TEST(DestinationTable, FixedOnesStayWhoeverElseUsesThem) {
  DestinationTable table({"10.0.0.1:80"});
  EXPECT_FALSE(table.Update({{{Kind::kProviderKey, "1"}, Key("http://10.0.0.1")}}));
  EXPECT_FALSE(table.Update({}));
  EXPECT_THAT(Places(table), ElementsAre("10.0.0.1:80"));
}

}  // namespace
}  // namespace aisix::admin
