#include "egress_worker/destination_list.h"

#include <gtest/gtest.h>

namespace aisix::egress {
namespace {

ipc::ConfigBatch Batch(bool full, std::vector<std::string> add, std::vector<std::string> remove = {}) {
  ipc::ConfigBatch batch;
  batch.full = full;
  for (std::string& id : add) batch.upserts.push_back({"destinations", std::move(id), 1, "{}"});
  for (std::string& id : remove) batch.removals.push_back({"destinations", std::move(id)});
  return batch;
}

TEST(DestinationList, FullPushesReplaceAndDeltasChange) {
  DestinationList list;
  EXPECT_FALSE(list.configured());
  EXPECT_FALSE(list.Contains("a:1"));
  list.Apply(Batch(true, {"a:1", "b:2"}));
  EXPECT_TRUE(list.configured());
  EXPECT_TRUE(list.Contains("a:1"));
  list.Apply(Batch(false, {"c:3"}, {"a:1"}));
  EXPECT_FALSE(list.Contains("a:1"));
  EXPECT_TRUE(list.Contains("b:2"));
  EXPECT_TRUE(list.Contains("c:3"));
  list.Apply(Batch(true, {"d:4"}));
  EXPECT_EQ(list.size(), 1u);
  EXPECT_TRUE(list.Contains("d:4"));
}

TEST(DestinationList, AnEmptyListIsAConfiguration) {
  DestinationList list;
  list.Apply(Batch(true, {}));
  EXPECT_TRUE(list.configured());
}

TEST(DestinationList, BadEntriesAreRefusedAndLeftOut) {
  DestinationList list;
  ipc::ConfigBatch batch = Batch(true, {"a:1", "A:1", "a", "a:0", "[0:0::1]:5", "[::1]:5"});
  batch.upserts.push_back({"models", "b:2", 1, "{}"});
  std::vector<ipc::ConfigRefusal> refusals = list.Apply(batch);
  ASSERT_EQ(refusals.size(), 5u);
  EXPECT_EQ(refusals[0].id, "A:1");
  EXPECT_EQ(refusals[0].reason, "not in canonical form");
  EXPECT_EQ(refusals[4].kind, "models");
  EXPECT_EQ(list.size(), 2u);
  EXPECT_TRUE(list.Contains("[::1]:5"));
}

}  // namespace
}  // namespace aisix::egress
