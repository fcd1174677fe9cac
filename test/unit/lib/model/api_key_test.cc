#include "lib/model/api_key.h"

#include <gtest/gtest.h>

namespace aisix::model {
namespace {

constexpr char kHash[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string Document(const std::string& more) {
  return std::string(R"({"key_hash":")") + kHash + R"(","allowed_models":["gpt-*","a"])" + more + "}";
}

TEST(ApiKey, Minimal) {
  const auto key = ParseApiKey(Document(""));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->digest, crypto::Sha256::Of("abc"));
  EXPECT_FALSE(key->disabled);
  EXPECT_FALSE(key->expires_at);
  EXPECT_TRUE(key->allows_model("gpt-4o"));
  EXPECT_TRUE(key->allows_model("a"));
  EXPECT_FALSE(key->allows_model("b"));
}

TEST(ApiKey, EveryField) {
  const auto key =
      ParseApiKey(Document(R"(,"display_name":"d","rate_limit":{"rps":1,"tpm":null},"team_id":"t",
    "user_id":"u","user_name":"n","jwt_subject":"s","jwt_provider":"p","mcp_access":{"allow":["a__*"],"deny":["b"]},
    "mcp_rate_limits":{"files":{"rpm":3}},"allowed_agents":["*"],"allowed_routes":null,
    "expires_at":"2026-01-02T03:04:05+01:00","disabled":true)"));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->rate_limit->rps, 1u);
  EXPECT_FALSE(key->rate_limit->tpm);
  EXPECT_EQ(key->team_id, "t");
  EXPECT_EQ(key->mcp_access->deny, std::vector<std::string>{"b"});
  EXPECT_EQ(key->mcp_rate_limits[0].second.rpm, 3u);
  EXPECT_EQ(key->allowed_agents, std::vector<std::string>{"*"});
  EXPECT_TRUE(key->allowed_routes.empty());
  EXPECT_EQ(absl::ToUnixSeconds(*key->expires_at), 1767319445);
  EXPECT_TRUE(key->disabled);
}

TEST(ApiKey, ValidAtTheInstantAndNotAfterIt) {
  const auto key = ParseApiKey(Document(R"(,"expires_at":"2026-01-01T00:00:00Z")"));
  const absl::Time instant = *key->expires_at;
  EXPECT_FALSE(key->expired(instant));
  EXPECT_TRUE(key->expired(instant + absl::Nanoseconds(1)));
}

TEST(ApiKey, AHashThatIsNoneNeverMatches) {
  const auto key = ParseApiKey(R"({"key_hash":"ABC","allowed_models":[]})");
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(key->digest);
  EXPECT_FALSE(key->allows_model("a"));
}

TEST(ApiKey, Errors) {
  EXPECT_FALSE(ParseApiKey(R"({"allowed_models":[]})").ok());
  EXPECT_FALSE(ParseApiKey(R"({"key_hash":"x"})").ok());
  EXPECT_FALSE(ParseApiKey(Document(R"(,"expires_at":"tomorrow")")).ok());
  EXPECT_FALSE(ParseApiKey(Document(R"(,"disabled":"no")")).ok());
}

}  // namespace
}  // namespace aisix::model
