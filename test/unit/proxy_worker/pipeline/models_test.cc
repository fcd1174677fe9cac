#include "proxy_worker/pipeline/models.h"

#include <gtest/gtest.h>

#include "proxy_worker/snapshot/snapshot_builder.h"

namespace aisix::proxy {
namespace {

TEST(Models, ListsWhatTheKeyMayUseSortedAndWithoutWildcards) {
  SnapshotBuilder builder(nullptr);
  auto direct = [&builder](const std::string& id, const std::string& name) {
    ASSERT_TRUE(builder
                    .Upsert("models", id,
                            R"({"display_name":")" + name +
                                R"(","provider":"openai","model_name":"m","provider_key_id":"p"})")
                    .ok());
  };
  direct("1", "gpt-b");
  direct("2", "gpt-a");
  direct("3", "gpt-*");
  direct("4", "other");
  ASSERT_TRUE(
      builder
          .Upsert(
              "models", "5",
              R"({"display_name":"gpt-group","routing":{"strategy":"round_robin","targets":[{"model":"gpt-a"}]}})")
          .ok());
  const std::shared_ptr<const Snapshot> snapshot = builder.Build(true, 1);
  auto grants = std::make_shared<CallerGrants>();
  grants->allowed_models = {"gpt-*"};
  const CallerKey caller(1, "c", {}, std::move(grants), {});
  EXPECT_EQ(RenderModels(*snapshot, caller, 1735689600),
            R"({"object":"list","data":[)"
            R"({"id":"gpt-a","object":"model","created":1735689600,"owned_by":"openai"},)"
            R"({"id":"gpt-b","object":"model","created":1735689600,"owned_by":"openai"},)"
            R"({"id":"gpt-group","object":"model","created":1735689600,"owned_by":"aisix"}]})");
  EXPECT_EQ(RenderModels(*snapshot, CallerKey(), 1), R"({"object":"list","data":[]})");
}

}  // namespace
}  // namespace aisix::proxy
