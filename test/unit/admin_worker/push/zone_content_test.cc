#include "admin_worker/push/zone_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using model::Kind;
using ::testing::ElementsAre;

// "+models/a@2", "-models/b"
std::vector<std::string> Lines(const std::vector<PushItem>& items) {
  std::vector<std::string> lines;
  for (const PushItem& item : items) {
    std::string line = (item.removal ? "-" : "+") + std::string(item.kind) + "/" + std::string(item.id);
    if (!item.removal && item.revision != 0) line += "@" + std::to_string(item.revision);
    lines.push_back(line);
  }
  return lines;
}

TEST(ProxyContent, GetsEverythingButExporters) {
  const ProxyContent content(
      {{{Kind::kProviderKey, "k"}, MakeDocument(3, "{}")},
       {{Kind::kObservabilityExporter, "e"}, MakeDocument(1, R"({"name":"e","kind":"datadog"})")},
       {{Kind::kGuardrail, "g"}, MakeDocument(2, "{}")}});
  EXPECT_THAT(Lines(content.ChangesSince(nullptr)), ElementsAre("+provider_keys/k@3", "+guardrails/g@2"));
}

TEST(ProxyContent, ChangesAreThoseOfTheText) {
  const ProxyContent before({{{Kind::kModel, "a"}, MakeDocument(1, "1")},
                             {{Kind::kModel, "b"}, MakeDocument(1, "1")},
                             {{Kind::kModel, "c"}, MakeDocument(1, "1")},
                             {{Kind::kObservabilityExporter, "e"}, MakeDocument(1, "1")}});
  const ProxyContent after({{{Kind::kApiKey, "n"}, MakeDocument(2, "1")},
                            {{Kind::kModel, "a"}, MakeDocument(2, "1")},  // another revision alone is none
                            {{Kind::kModel, "b"}, MakeDocument(2, "2")},
                            {{Kind::kModel, "d"}, MakeDocument(2, "1")}});
  EXPECT_THAT(Lines(after.ChangesSince(&before)),
              ElementsAre("+models/b@2", "-models/c", "+models/d@2", "+api_keys/n@2"));
  EXPECT_TRUE(after.ChangesSince(&after).empty());
  EXPECT_EQ(after.ChangesSince(&before)[0].json, "2");
}

DestinationSet Places(const std::vector<std::pair<std::string, uint32_t>>& places) {
  DestinationSet::Editor editor;
  for (const auto& [place, users] : places) editor.Put(place, users);
  return editor.Finish();
}

TEST(EgressContent, HearsOfPlacesAndNotOfTheirUsers) {
  const EgressContent before(Places({{"a:1", 1}, {"b:1", 1}}));
  const EgressContent after(Places({{"b:1", 2}, {"c:1", 1}}));
  EXPECT_THAT(Lines(after.ChangesSince(&before)), ElementsAre("-destinations/a:1", "+destinations/c:1"));
  EXPECT_THAT(Lines(after.ChangesSince(nullptr)), ElementsAre("+destinations/b:1", "+destinations/c:1"));
  EXPECT_EQ(after.ChangesSince(nullptr)[0].json, "{}");
}

TEST(EgressContent, Inclusion) {
  const EgressContent both(Union(Places({{"a:1", 1}, {"b:1", 1}}), Places({{"b:1", 3}, {"c:1", 1}})));
  EXPECT_EQ(both.destinations().size(), 3u);
  EXPECT_TRUE(both.Includes(EgressContent(Places({{"a:1", 9}, {"c:1", 1}}))));
  EXPECT_TRUE(both.Includes(EgressContent({})));
  EXPECT_FALSE(both.Includes(EgressContent(Places({{"d:1", 1}}))));
  EXPECT_FALSE(EgressContent({}).Includes(both));
}

}  // namespace
}  // namespace aisix::admin
