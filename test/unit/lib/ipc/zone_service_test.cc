#include "lib/ipc/zone_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lib/ipc/family_codec.h"
#include "lib/ipc/rpc_server.h"
#include "lib/ipc/zone_client.h"
#include "lib/os/socket_pair.h"

namespace aisix::ipc {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

constexpr milliseconds kLong(20000);

class ZoneServiceTest : public ::testing::Test {
 protected:
  void Start(const os::ProcessStats* stats) {
    service_ = std::make_unique<ZoneService>("proxy", registry_, stats,
                                             [](std::string_view subject) -> std::optional<std::string> {
                                               if (subject == "health") return "{\"ok\":true}";
                                               return std::nullopt;
                                             });
    server_ = std::make_unique<RpcServer>(std::vector<grpc::Service*>{service_->service()});
    auto pair = os::CreateStreamPair();
    ASSERT_TRUE(pair.ok());
    server_->Attach(std::move(pair->first));
    channel_.Replace(std::move(pair->second));
  }

  metrics::Registry registry_;
  std::unique_ptr<ZoneService> service_;
  std::unique_ptr<RpcServer> server_;
  RpcChannel channel_{"zone.proxy"};
};

TEST_F(ZoneServiceTest, CollectGivesEveryTypeBack) {
  auto counter = registry_.AddCounter("c_total", {"a"});
  auto gauge = registry_.AddGauge("g", {});
  auto histogram = registry_.AddHistogram("h", {}, {1, 2});
  auto summary = registry_.AddSummary("s", {});
  metrics::Shard& shard = registry_.AddShard();
  shard.Get(counter, {"x"}).Add(7);
  shard.Get(gauge, {}).Set(-1.5);
  shard.Get(histogram, {}).Record(1.5);
  shard.Get(summary, {}).Record(0.25, metrics::MonotonicMs());
  Start(nullptr);

  absl::StatusOr<std::vector<metrics::Family>> families = CollectZone(channel_, kLong);
  ASSERT_TRUE(families.ok()) << families.status();
  ASSERT_EQ(families->size(), 4u);
  EXPECT_EQ((*families)[0].samples[0].value, 7);
  EXPECT_THAT((*families)[0].samples[0].label_values, ElementsAre("x"));
  EXPECT_EQ((*families)[1].type, metrics::FamilyType::kGauge);
  EXPECT_EQ((*families)[1].samples[0].value, -1.5);
  EXPECT_THAT((*families)[2].samples[0].buckets, ElementsAre(0, 1, 0));
  EXPECT_THAT((*families)[2].edges, ElementsAre(1, 2));
  EXPECT_THAT((*families)[3].samples[0].quantiles, ElementsAre(0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25));
  EXPECT_EQ((*families)[3].samples[0].count, 1u);
}

TEST_F(ZoneServiceTest, LargeFamiliesTravelInParts) {
  auto counter = registry_.AddCounter("c_total", {"n"});
  auto other = registry_.AddCounter("d_total", {"n"});
  metrics::Shard& shard = registry_.AddShard();
  for (int i = 0; i < 2500; ++i) shard.Get(counter, {std::to_string(i)}).Add(1);
  for (int i = 0; i < 1500; ++i) shard.Get(other, {std::to_string(i)}).Add(1);
  Start(nullptr);
  absl::StatusOr<std::vector<metrics::Family>> families = CollectZone(channel_, kLong);
  ASSERT_TRUE(families.ok()) << families.status();
  ASSERT_EQ(families->size(), 2u);
  for (const metrics::Family& family : *families) {
    std::set<std::string> labels;
    for (const metrics::Sample& sample : family.samples) labels.insert(sample.label_values[0]);
    EXPECT_EQ(labels.size(), family.name == "c_total" ? 2500u : 1500u);
    EXPECT_EQ(labels.size(), family.samples.size());
  }
}

TEST_F(ZoneServiceTest, ProcessFamiliesCarryTheZone) {
  auto stats = os::ProcessStats::Open();
  ASSERT_TRUE(stats.ok());
  Start(stats->get());
  absl::StatusOr<std::vector<metrics::Family>> families = CollectZone(channel_, kLong);
  ASSERT_TRUE(families.ok()) << families.status();
  bool found = false;
  for (const metrics::Family& family : *families) {
    EXPECT_THAT(family.label_names, ElementsAre("zone"));
    EXPECT_THAT(family.samples[0].label_values, ElementsAre("proxy"));
    if (family.name != "process_resident_memory_bytes") continue;
    found = true;
    EXPECT_GT(family.samples[0].value, 1e6);
  }
  EXPECT_TRUE(found);
}

TEST_F(ZoneServiceTest, Status) {
  Start(nullptr);
  absl::StatusOr<std::optional<std::string>> known = QueryStatus(channel_, "health", kLong);
  ASSERT_TRUE(known.ok()) << known.status();
  EXPECT_EQ(**known, "{\"ok\":true}");
  absl::StatusOr<std::optional<std::string>> unknown = QueryStatus(channel_, "secrets", kLong);
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_FALSE(unknown->has_value());
}

TEST(FamilyCodec, SeriesThatDoNotFitAreLeftOut) {
  zone::Family message;
  message.set_name("h");
  message.set_type(zone::HISTOGRAM);
  message.add_label_names("a");
  message.add_edges(1);
  message.add_series()->add_label_values("few buckets");
  zone::Series& good = *message.add_series();
  good.add_label_values("good");
  good.add_buckets(1);
  good.add_buckets(2);
  message.add_series();  // no labels
  metrics::Family family = FromProto(message);
  ASSERT_EQ(family.samples.size(), 1u);
  EXPECT_EQ(family.samples[0].label_values[0], "good");
}

}  // namespace
}  // namespace aisix::ipc
