#include "admin_worker/resources/zone_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using model::Kind;
using ::testing::ElementsAre;

DocumentSet Documents() {
  constexpr char kElsewhere[] =
      R"({"display_name":"b","api_key":"s","adapter":"openai","provider":"x","api_base":"http://10.0.0.1:8000/v1"})";
  return {{{Kind::kProviderKey, "k1"},
           MakeDocument(1, R"({"display_name":"a","api_key":"s","provider":"openai"})")},
          {{Kind::kProviderKey, "k2"}, MakeDocument(1, kElsewhere)},
          {{Kind::kModel, "m"}, MakeDocument(1, R"({"display_name":"m"})")},
          {{Kind::kObservabilityExporter, "e"}, MakeDocument(1, R"({"name":"e","kind":"datadog"})")},
          {{Kind::kGuardrail, "g"}, MakeDocument(1, "{}")}};
}

TEST(ZoneView, TheProxyGetsEverythingButExporters) {
  std::vector<std::string> kinds;
  for (const auto& [key, value] : ProxyView(Documents())) kinds.push_back(key.first + "/" + key.second);
  EXPECT_THAT(kinds, ElementsAre("guardrails/g", "models/m", "provider_keys/k1", "provider_keys/k2"));
}

TEST(ZoneView, EgressGetsDestinationsAndNoSecret) {
  const auto destinations = Destinations(Documents(), {"redis:6379"});
  EXPECT_EQ(destinations, (std::set<std::string>{"10.0.0.1:8000", "api.openai.com:443", "redis:6379"}));
  for (const auto& [key, value] : EgressView(destinations)) {
    EXPECT_EQ(key.first, "destinations");
    EXPECT_EQ(value->json(), "{}");
  }
}

TEST(ZoneView, Difference) {
  ZoneView before;
  before[{"models", "a"}] = MakeDocument(1, "1");
  before[{"models", "b"}] = MakeDocument(1, "1");
  before[{"models", "c"}] = MakeDocument(1, "1");
  ZoneView after;
  after[{"api_keys", "n"}] = MakeDocument(2, "1");
  after[{"models", "a"}] = MakeDocument(2, "1");  // another revision alone is no change
  after[{"models", "b"}] = MakeDocument(2, "2");
  after[{"models", "d"}] = MakeDocument(2, "1");
  const ViewDelta delta = Difference(before, after);
  EXPECT_THAT(delta.upserts,
              ElementsAre(ViewKey("api_keys", "n"), ViewKey("models", "b"), ViewKey("models", "d")));
  EXPECT_THAT(delta.removals, ElementsAre(ViewKey("models", "c")));
  EXPECT_TRUE(Difference(after, after).empty());
  EXPECT_EQ(Difference({}, after).upserts.size(), 4u);
  EXPECT_EQ(Difference(before, {}).removals.size(), 3u);
}

}  // namespace
}  // namespace aisix::admin
