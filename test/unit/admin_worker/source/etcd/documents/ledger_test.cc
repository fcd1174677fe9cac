#include "admin_worker/source/etcd/documents/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin_worker/source/etcd/documents/hashes.h"

namespace aisix::admin::etcd {
namespace {

using model::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Policy(const std::string& name) {
  return R"({"name":")" + name + R"("})";
}
constexpr char kKey[] = "/aisix/cache_policies/c";
constexpr char kBad[] = "{";

class LedgerTest : public ::testing::Test {
 protected:
  Outcome Load(std::vector<KeyValue> rows, std::vector<SavedPin> pins = {}) {
    ledger_.BeginLoad();
    // In two pages.
    const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
    ledger_.AddPage({rows.begin(), middle});
    ledger_.AddPage({middle, rows.end()});
    return ledger_.FinishLoad(pins, now_);
  }
  Outcome Put(const std::string& key, const std::string& value, int64_t revision) {
    return ledger_.Apply({{key, value, revision}}, now_);
  }
  Outcome Delete(const std::string& key, int64_t revision) {
    return ledger_.Apply({{key, std::nullopt, revision}}, now_);
  }
  // What serves under an id of cache_policies; empty: nothing.
  std::string Served(std::string_view id = "c") const {
    const DocumentValue* value = ledger_.documents().Find(Kind::kCachePolicy, id);
    return value == nullptr ? std::string() : value->json();
  }
  int64_t PinnedSince(std::string_view key = kKey) const {
    const ObservedPtr* observed = ledger_.table().Find(key);
    return observed == nullptr || (*observed)->pin() == nullptr ? 0 : (*observed)->pin()->since;
  }

  const KeySpace keys_{"/aisix", ""};
  const SchemaCatalog schemas_;
  Ledger ledger_{keys_, schemas_, 2};
  int64_t now_ = 1000;
};

TEST_F(LedgerTest, AcceptedPutReplacesTheRow) {
  Load({});
  Outcome outcome = Put(kKey, Policy("a"), 5);
  EXPECT_TRUE(outcome.content_changed);
  EXPECT_TRUE(outcome.fresh);
  EXPECT_EQ(ledger_.documents().Find(Kind::kCachePolicy, "c")->revision(), 5);
  outcome = Put(kKey, Policy("b"), 6);
  EXPECT_EQ(Served(), Policy("b"));
  EXPECT_EQ(ledger_.documents().size(), 1u);
  // The same content, written in another way: what serves has not changed.
  outcome = Put(kKey, R"({ "name" : "b" })", 7);
  EXPECT_FALSE(outcome.content_changed);
  EXPECT_TRUE(outcome.last_accepted);
}

TEST_F(LedgerTest, RejectedPutPinsWhatServes) {
  Load({{kKey, Policy("a"), 3}});
  now_ = 1010;
  const Outcome outcome = Put(kKey, kBad, 4);
  EXPECT_FALSE(outcome.content_changed);
  EXPECT_FALSE(outcome.fresh);
  EXPECT_FALSE(outcome.last_accepted);
  EXPECT_EQ(outcome.last_refused->error_kind, "non_json");
  EXPECT_EQ(Served(), Policy("a"));
  EXPECT_EQ(PinnedSince(), 1010);
  EXPECT_EQ(ledger_.pinned_counts().at("cache_policies"), 1u);
  EXPECT_EQ(ledger_.documents().Find(Kind::kCachePolicy, "c")->revision(), 3);
  // Refused again: the pin and its time stay.
  now_ = 1020;
  Put(kKey, "[]", 5);
  EXPECT_EQ(Served(), Policy("a"));
  EXPECT_EQ(PinnedSince(), 1010);
  ASSERT_EQ(ledger_.rejections().size(), 1u);
  EXPECT_EQ(ledger_.rejections().list().front().first_seen, 1010);
  EXPECT_EQ(ledger_.rejections().list().front().last_seen, 1020);
  EXPECT_EQ(ledger_.rejections().list().front().observed->refusal().error_kind, "schema_failed");
}

TEST_F(LedgerTest, APinEndsWhenTheKeyIsAccepted) {
  Load({{kKey, Policy("a"), 3}});
  Put(kKey, kBad, 4);
  EXPECT_TRUE(Put(kKey, Policy("b"), 5).content_changed);
  EXPECT_EQ(Served(), Policy("b"));
  EXPECT_EQ(PinnedSince(), 0);
  EXPECT_TRUE(ledger_.rejections().empty());
  EXPECT_EQ(ledger_.pinned_counts().at("cache_policies"), 0u);
  EXPECT_EQ(ledger_.rejected_counts().at("cache_policies"), 0u);
}

TEST_F(LedgerTest, APinEndsWithTheKey) {
  Load({{kKey, Policy("a"), 3}});
  Put(kKey, kBad, 4);
  EXPECT_TRUE(Delete(kKey, 5).content_changed);
  EXPECT_EQ(Served(), "");
  EXPECT_TRUE(ledger_.rejections().empty());
  // A later bad value has nothing to fall back on.
  Put(kKey, kBad, 6);
  EXPECT_EQ(Served(), "");
  EXPECT_EQ(PinnedSince(), 0);
}

TEST_F(LedgerTest, ARejectedKeyThatNeverLoadedIsAbsent) {
  Load({{kKey, kBad, 3}});
  EXPECT_EQ(Served(), "");
  EXPECT_EQ(PinnedSince(), 0);
  EXPECT_EQ(ledger_.rejections().size(), 1u);
  EXPECT_TRUE(ledger_.pinned_counts().empty());
}

TEST_F(LedgerTest, DeletionOfAnAbsentKeyIsFresh) {
  Load({});
  const Outcome outcome = Delete(kKey, 9);
  EXPECT_TRUE(outcome.fresh);
  EXPECT_FALSE(outcome.content_changed);
  EXPECT_THAT(outcome.touched, IsEmpty());
}

TEST_F(LedgerTest, DeletionOfAnUnparseableKeyIsIgnored) {
  Load({{"/aisix-extra/x", "{}", 2}});
  ASSERT_EQ(ledger_.rejections().size(), 1u);
  const Outcome outcome = Delete("/aisix-extra/x", 3);
  EXPECT_THAT(outcome.unreadable_deletions, ElementsAre("/aisix-extra/x"));
  EXPECT_FALSE(outcome.fresh);
  EXPECT_EQ(ledger_.rejections().size(), 1u);
  Load({});
  EXPECT_TRUE(ledger_.rejections().empty());
}

TEST_F(LedgerTest, AFullLoadReplacesEverything) {
  Load({{"/aisix/cache_policies/a", Policy("a"), 1}, {"/aisix/cache_policies/b", Policy("b"), 2}});
  const Outcome outcome =
      Load({{"/aisix/cache_policies/b", Policy("b"), 2}, {"/aisix/cache_policies/c", Policy("c"), 3}});
  EXPECT_TRUE(outcome.fresh);
  EXPECT_EQ(outcome.touched.size(), 2u);  // what did not change is not touched
  EXPECT_EQ(Served("a"), "");
  EXPECT_EQ(Served("b"), Policy("b"));
  EXPECT_EQ(Served("c"), Policy("c"));
  EXPECT_EQ(ledger_.table().size(), 2u);
}

TEST_F(LedgerTest, AFullLoadPinsWhatServedBefore) {
  Load({{kKey, Policy("a"), 1}});
  now_ = 1050;
  Outcome outcome = Load({{kKey, kBad, 2}});
  EXPECT_FALSE(outcome.last_accepted);
  EXPECT_EQ(Served(), Policy("a"));
  EXPECT_EQ(PinnedSince(), 1050);
  // And keeps it while the key is there and refused.
  now_ = 1060;
  Load({{kKey, kBad, 2}});
  EXPECT_EQ(PinnedSince(), 1050);
  Load({{kKey, "[]", 3}});
  EXPECT_EQ(PinnedSince(), 1050);
  EXPECT_EQ(Served(), Policy("a"));
  EXPECT_EQ(ledger_.rejections().list().front().first_seen, 1050);
  Load({});
  EXPECT_EQ(Served(), "");
}

TEST_F(LedgerTest, SavedPinsComeBackWithTheirTime) {
  const Outcome outcome = Load({{kKey, kBad, 5}}, {{kKey, Policy("a"), 4, 77}});
  EXPECT_EQ(Served(), Policy("a"));
  EXPECT_EQ(PinnedSince(), 77);
  EXPECT_EQ(ledger_.documents().Find(Kind::kCachePolicy, "c")->revision(), 4);
  EXPECT_THAT(outcome.lost_pins, IsEmpty());
}

TEST_F(LedgerTest, SavedPinsThatNoLongerDecodeAreDropped) {
  EXPECT_THAT(Load({{kKey, kBad, 5}}, {{kKey, "[]", 4, 77}}).lost_pins, ElementsAre(kKey));
  EXPECT_EQ(Served(), "");
}

TEST_F(LedgerTest, SavedPinsOfAcceptedOrVanishedKeysAreForgotten) {
  Load({{kKey, Policy("new"), 5}},
       {{kKey, Policy("a"), 4, 77}, {"/aisix/cache_policies/x", Policy("x"), 1, 2}});
  EXPECT_EQ(Served(), Policy("new"));
  EXPECT_EQ(Served("x"), "");
}

TEST_F(LedgerTest, ABatchIsAppliedInOrder) {
  Load({});
  ledger_.Apply({{kKey, Policy("a"), 2}, {kKey, Policy("b"), 3}, {kKey, kBad, 4}}, now_);
  EXPECT_EQ(Served(), Policy("b"));  // the pin is the value right before the refused one
  ledger_.Apply({{kKey, std::nullopt, 5}, {kKey, kBad, 6}}, now_);
  EXPECT_EQ(Served(), "");
}

TEST_F(LedgerTest, TheNewestRejectionsAreKept) {
  std::vector<KeyValue> rows;
  for (int i = 0; i < 300; ++i) rows.push_back({"/aisix/models/m" + std::to_string(1000 + i), kBad, i + 1});
  const Outcome outcome = Load(rows);
  EXPECT_EQ(ledger_.rejections().size(), Rejections::kMax);
  EXPECT_EQ(ledger_.rejections().list().front().key, "/aisix/models/m1044");
  EXPECT_EQ(ledger_.rejected_counts().at("models"), 300u);
  EXPECT_EQ(outcome.refused_count, 300u);
  EXPECT_EQ(outcome.refused.size(), Ledger::kMaxLogged);
  // One that is refused again is the newest.
  Put("/aisix/models/m1050", "[", 500);
  EXPECT_EQ(ledger_.rejections().list().back().key, "/aisix/models/m1050");
  EXPECT_EQ(ledger_.rejections().size(), Rejections::kMax);
}

TEST_F(LedgerTest, IgnoredMembersAreCountedByRow) {
  Load({{"/aisix/cache_policies/a", R"({"name":"a","x":1,"y":{"z":1}})", 1},
        {"/aisix/cache_policies/b", R"({"name":"b","x":1})", 2}});
  EXPECT_THAT(ledger_.reports().Fields(),
              ElementsAre(IgnoredField{"cache_policies", "x", 2}, IgnoredField{"cache_policies", "y", 1}));
  EXPECT_EQ(ledger_.reports().RowsByCollection().at("cache_policies"), 2u);
  Put("/aisix/cache_policies/a", Policy("a"), 3);
  Delete("/aisix/cache_policies/b", 4);
  EXPECT_THAT(ledger_.reports().Fields(), IsEmpty());
}

TEST_F(LedgerTest, IgnoredMembersAreToldOnce) {
  EXPECT_THAT(Load({{"/aisix/cache_policies/a", R"({"name":"a","x":1})", 1},
                    {"/aisix/cache_policies/b", R"({"name":"b","x":1})", 2}})
                  .newly_ignored,
              ElementsAre("cache_policies: x"));
  EXPECT_THAT(Put("/aisix/cache_policies/c", R"({"name":"c","x":1})", 3).newly_ignored, IsEmpty());
}

TEST_F(LedgerTest, ReportsAreBoundedServiceIsNot) {
  std::vector<KeyValue> rows;
  for (int i = 0; i < 1100; ++i)
    rows.push_back({"/aisix/cache_policies/p" + std::to_string(10000 + i), R"({"name":"a","x":1})", i + 1});
  EXPECT_TRUE(Load(rows).reports_overflowed);
  EXPECT_EQ(ledger_.reports().RowsByCollection().at("cache_policies"), Reports::kMaxRows);
  EXPECT_EQ(ledger_.documents().size(), 1100u);
}

TEST_F(LedgerTest, VersionsShareWhatDidNotChange) {
  std::vector<KeyValue> rows;
  for (int i = 0; i < 2000; ++i)
    rows.push_back({"/aisix/cache_policies/p" + std::to_string(10000 + i), Policy("a"), i + 1});
  Load(rows);
  const DocumentSet before = ledger_.documents();
  rows[100].value = Policy("b");
  rows[100].mod_revision = 3000;
  Load(rows);
  int differences = 0;
  DocumentSet::ForEachDifference(
      before, ledger_.documents(),
      [&](auto, const std::string&, const DocumentPtr&, const DocumentPtr&) { ++differences; });
  EXPECT_EQ(differences, 1);
}

// The test vectors of spec 02 §9.3.
TEST_F(LedgerTest, Hashes) {
  EXPECT_EQ(ComputeHashes(ObservedTable()).config,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Load({{"/aisix/models/m1", R"({"b":1,"a":2})", 1}});  // refused: it is no model
  Hashes hashes = ComputeHashes(ledger_.table());
  EXPECT_EQ(hashes.source, "94eb77668f99354425202590b3c78f592e206c1f8a97350a47c035fec78c3ba2");
  EXPECT_EQ(hashes.config, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Load({{"/aisix/models/m1", R"({"b":1,"a":2})", 1}, {"/aisix/models/m2", R"({ "x": "y" })", 2}});
  EXPECT_EQ(ComputeHashes(ledger_.table()).source,
            "fce423eb9f9b88f0cae89cec3f0f32e851381227065a0a56d8fa1978f536ae64");
}

TEST_F(LedgerTest, TheConfigHashIsOverWhatServes) {
  Load({{kKey, Policy("a"), 1}});
  const Hashes good = ComputeHashes(ledger_.table());
  EXPECT_EQ(good.source, good.config);
  Put(kKey, "nonsense", 2);
  const Hashes pinned = ComputeHashes(ledger_.table());
  EXPECT_EQ(pinned.config, good.config);
  EXPECT_NE(pinned.source, good.source);
}

TEST_F(LedgerTest, ValuesThatAreNotJsonAreHashedAsBytes) {
  Load({{kKey, "no json", 1}});
  const std::string before = ComputeHashes(ledger_.table()).source;
  Put(kKey, "no  json", 2);
  EXPECT_NE(ComputeHashes(ledger_.table()).source, before);
}

}  // namespace
}  // namespace aisix::admin::etcd
