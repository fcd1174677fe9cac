#include "admin_worker/status/config_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aisix::admin {
namespace {

using model::Kind;
using nlohmann::json;

const absl::Time kT1 = absl::FromUnixSeconds(1767225600);  // 2026-01-01T00:00:00Z
const absl::Time kT2 = kT1 + absl::Seconds(90);

DocumentSet Some(Kind kind = Kind::kModel) {
  return {{{kind, "a"}, MakeDocument(1, "{}")}};
}

Rejection Bad(std::string scope, std::string kind = "schema_failed") {
  return {scope, "models", scope, kind, "why " + scope};
}

class ConfigStatusTest : public ::testing::Test {
 protected:
  json Status() const { return json::parse(status_.ToJson(kT2)); }
  std::string State() const { return Status()["state"]; }
  // Value of a series, NaN when it is not there.
  double Metric(const std::string& name, const std::string& label = "") const {
    std::vector<metrics::Family> families;
    status_.AppendMetrics(families);
    for (const metrics::Family& family : families) {
      if (family.name != name) continue;
      for (const metrics::Sample& sample : family.samples) {
        if (label.empty() || sample.label_values == std::vector<std::string>{label}) return sample.value;
      }
    }
    return std::nan("");
  }

  ConfigStatus status_{SourceType::kFile};
};

TEST_F(ConfigStatusTest, NeverLoaded) {
  EXPECT_EQ(status_.ToJson(kT1),
            R"({"state":"never_loaded","source":{"type":"file"},"last_failure":null,"rejected":[],)"
            R"("partially_compatible":[]})");
  const ConfigStatus etcd(SourceType::kEtcd);
  EXPECT_EQ(
      etcd.ToJson(kT1),
      R"({"state":"never_loaded","source":{"type":"etcd","connected":false},"last_failure":null,"rejected":[],)"
      R"("partially_compatible":[]})");
  EXPECT_FALSE(status_.applied());
}

TEST_F(ConfigStatusTest, SyncedWithKeysInTheirOrder) {
  status_.OnAccepted("h1", kT1);
  status_.OnApplied("h1", Some(), kT2);
  EXPECT_TRUE(status_.applied());
  EXPECT_EQ(
      status_.ToJson(kT2),
      R"({"state":"synced","source":{"type":"file","source_hash":"h1","observed_at":"2026-01-01T00:00:00Z"},)"
      R"("applied":{"config_hash":"h1","apply_seq":1,"applied_at":"2026-01-01T00:01:30Z",)"
      R"("resource_counts":{"models":1}},"last_reload":{"successful":true,"at":"2026-01-01T00:00:00Z"},)"
      R"("last_failure":null,"rejected":[],"partially_compatible":[]})");
}

TEST_F(ConfigStatusTest, EmptyAlsoWhenOnlyUncountedKindsAreThere) {
  status_.OnAccepted("h1", kT1);
  status_.OnApplied("h1", {}, kT1);
  EXPECT_EQ(State(), "empty");
  status_.OnApplied("h1", Some(Kind::kOidcProvider), kT1);
  EXPECT_EQ(State(), "empty");
  EXPECT_EQ(Status()["applied"]["resource_counts"], json::object());
}

TEST_F(ConfigStatusTest, OutOfSyncUntilAGoodFileComes) {
  status_.OnAccepted("h1", kT1);
  status_.OnApplied("h1", Some(), kT1);
  status_.OnRejected("h2", {Bad("b"), Bad("a"), Bad("b", "parse_failed")}, kT2);
  const json status = Status();
  EXPECT_EQ(status["state"], "out_of_sync");
  EXPECT_EQ(status["source"]["source_hash"], "h2");
  EXPECT_EQ(status["applied"]["config_hash"], "h1");
  EXPECT_EQ(status["last_reload"], (json{{"successful", false}, {"at", "2026-01-01T00:01:30Z"}}));
  EXPECT_EQ(status["last_failure"]["last_error_kind"], "schema_failed");
  ASSERT_EQ(status["rejected"].size(), 2u);  // one per scope, sorted, the last error of a scope
  EXPECT_EQ(status["rejected"][0]["resource_id"], "a");
  EXPECT_EQ(status["rejected"][1]["last_error_kind"], "parse_failed");
  status_.OnAccepted("h3", kT2);
  status_.OnApplied("h3", Some(), kT2);
  EXPECT_EQ(State(), "synced");
  EXPECT_EQ(Status()["rejected"], json::array());
  EXPECT_EQ(Status()["applied"]["apply_seq"], 2);
  EXPECT_FALSE(Status()["last_failure"].is_null());  // sticky
}

TEST_F(ConfigStatusTest, FirstSeenSurvivesReobservation) {
  status_.OnRejected("h1", {Bad("a")}, kT1);
  status_.OnRejected("h2", {Bad("a"), Bad("b")}, kT2);
  const json rejected = Status()["rejected"];
  EXPECT_EQ(rejected[0]["first_seen_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(rejected[0]["last_seen_at"], "2026-01-01T00:01:30Z");
  EXPECT_EQ(rejected[1]["first_seen_at"], "2026-01-01T00:01:30Z");
  EXPECT_EQ(State(), "never_loaded");
}

TEST_F(ConfigStatusTest, FetchFailureKeepsWhatIsApplied) {
  status_.OnAccepted("h1", kT1);
  status_.OnApplied("h1", Some(), kT1);
  status_.OnFetchFailure(kT2);
  const json status = Status();
  EXPECT_EQ(status["state"], "synced");
  EXPECT_EQ(status["last_reload"]["successful"], false);
  EXPECT_EQ(status["last_failure"], (json{{"at", "2026-01-01T00:01:30Z"},
                                          {"last_error_kind", "fetch"},
                                          {"last_error", "configuration source unreachable"}}));
}

TEST_F(ConfigStatusTest, SequenceCountsChangesOfTheHash) {
  status_.OnApplied("h1", Some(), kT1);
  status_.OnApplied("h1", Some(), kT2);
  EXPECT_EQ(Status()["applied"]["apply_seq"], 1);
  EXPECT_EQ(Status()["applied"]["applied_at"], "2026-01-01T00:00:00Z");
}

TEST_F(ConfigStatusTest, Metrics) {
  EXPECT_TRUE(std::isnan(Metric("aisix_config_last_reload_success_timestamp_seconds")));
  status_.OnAccepted("h1", kT1);
  status_.OnApplied("h1", Some(), kT1);
  EXPECT_EQ(Metric("aisix_config_last_reload_successful"), 1);
  EXPECT_EQ(Metric("aisix_config_last_reload_success_timestamp_seconds"), 1767225600);
  status_.OnRejected("h2", {Bad("a"), Bad("b", "non_json"), Bad("c")}, kT2);
  EXPECT_EQ(Metric("aisix_config_last_reload_successful"), 0);
  EXPECT_EQ(Metric("aisix_config_reloads_total"), 2);
  EXPECT_EQ(Metric("aisix_config_reload_failures_total", "validate"), 1);
  EXPECT_EQ(Metric("aisix_config_reload_failures_total", "parse"), 1);
  EXPECT_EQ(Metric("aisix_config_rejected_resources", "models"), 3);
  status_.OnFetchFailure(kT2);
  EXPECT_EQ(Metric("aisix_config_reload_failures_total", "fetch"), 1);
  status_.OnAccepted("h3", kT2);
  status_.OnApplied("h3", Some(), kT2);
  EXPECT_EQ(Metric("aisix_config_rejected_resources", "models"), 0);  // kept at 0
  EXPECT_EQ(Metric("aisix_config_hash_info", "h1"), 0);
  EXPECT_EQ(Metric("aisix_config_hash_info", "h3"), 1);
  EXPECT_TRUE(std::isnan(Metric("aisix_config_source_connected")));
}

TEST_F(ConfigStatusTest, SurvivesTheWorker) {
  status_.OnAccepted("h1", kT1);
  status_.OnApplied("h1", Some(), kT1);
  status_.OnAccepted("h2", kT1);
  status_.OnApplied("h2", Some(), kT1);
  status_.OnRejected("h3", {Bad("a")}, kT2);
  ConfigStatus restored(SourceType::kFile);
  ASSERT_TRUE(restored.Restore(status_.Save()));
  EXPECT_EQ(restored.ToJson(kT2), status_.ToJson(kT2));
  EXPECT_EQ(restored.Save(), status_.Save());
  EXPECT_FALSE(restored.Restore(json::object()));
  EXPECT_FALSE(restored.Restore(json::array()));
  EXPECT_EQ(restored.ToJson(kT2), status_.ToJson(kT2));
}

}  // namespace
}  // namespace aisix::admin
