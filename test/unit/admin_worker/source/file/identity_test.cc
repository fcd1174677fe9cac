#include <gtest/gtest.h>

#include "admin_worker/source/file/entry.h"

namespace aisix::admin::file {
namespace {

using model::Kind;

TEST(Identity, IdsAreThoseOfTheReference) {
  EXPECT_EQ(DeriveId(Kind::kModel, "gpt-4o"), "6efd592d-a73b-573d-8e2c-e9e103692f92");
  EXPECT_EQ(DeriveId(Kind::kProviderKey, "openai-prod"), "6dd1461f-b67e-514b-89fd-6700995f1b7c");
  EXPECT_EQ(DeriveId(Kind::kApiKey, "ci-bot"), "684ff58d-e95f-516f-852f-ddfeec89cc0f");
  EXPECT_EQ(DeriveId(Kind::kMcpAuthSettings, "mcp_auth_settings"), "e7e315e2-6083-5bbb-9275-6407007aa0df");
}

TEST(Identity, Fields) {
  EXPECT_EQ(ReadIdentity(Kind::kModel, {{"display_name", "a"}, {"name", "b"}}), "a");
  EXPECT_EQ(ReadIdentity(Kind::kGuardrail, {{"display_name", "a"}, {"name", "b"}}), "b");
  EXPECT_EQ(ReadIdentity(Kind::kGuardrail, {{"display_name", "a"}}), "");
  EXPECT_EQ(ReadIdentity(Kind::kMcpServer, {{"display_name", "a"}, {"name", "b"}}), "b");
  EXPECT_EQ(ReadIdentity(Kind::kMcpServer, {{"display_name", "a"}}), "a");
  EXPECT_EQ(ReadIdentity(Kind::kModel, {{"display_name", 1}}), "");
  EXPECT_EQ(ReadIdentity(Kind::kMcpAuthSettings, nlohmann::json::object()), "mcp_auth_settings");
}

}  // namespace
}  // namespace aisix::admin::file
