#include "proxy_worker/pipeline/authenticate.h"

#include <gtest/gtest.h>

#include "proxy_worker/snapshot/snapshot_builder.h"
#include "test/unit/proxy_worker/parsed_head.h"

namespace aisix::proxy {
namespace {

std::optional<std::string> Presented(std::string_view lines) {
  const ParsedHead head(lines);
  const std::optional<std::string_view> key = PresentedKey(head.headers());
  if (!key) return std::nullopt;
  return std::string(*key);
}

TEST(PresentedKey, BothHeaderForms) {
  EXPECT_EQ(Presented("authorization: Bearer sk-1\r\n"), "sk-1");
  EXPECT_EQ(Presented("Authorization: Bearer   sk-1  \r\n"), "sk-1");
  EXPECT_EQ(Presented("x-api-key: sk-2\r\n"), "sk-2");
  EXPECT_EQ(Presented(""), std::nullopt);
}

TEST(PresentedKey, AuthorizationIsTheOnlySourceWhenItIsThere) {
  EXPECT_EQ(Presented("authorization: Basic abc\r\nx-api-key: sk-2\r\n"), std::nullopt);
  EXPECT_EQ(Presented("authorization: bearer sk-1\r\nx-api-key: sk-2\r\n"), std::nullopt);
  EXPECT_EQ(Presented("authorization: Bearer\r\nx-api-key: sk-2\r\n"), std::nullopt);
  EXPECT_EQ(Presented("authorization: Bearer \xc3\xa4\r\nx-api-key: sk-2\r\n"), std::nullopt);
  EXPECT_EQ(Presented("authorization: Bearer sk-1\r\nx-api-key: sk-2\r\n"), "sk-1");
}

class DecideOnKeyTest : public testing::Test {
 protected:
  void Add(const std::string& id, std::string_view key, const std::string& more) {
    const std::string hash = crypto::Sha256::Of(key).ToHex();
    const std::string json = R"({"key_hash":")" + hash + R"(","allowed_models":["*"])" + more + "}";
    ASSERT_TRUE(builder_.Upsert("api_keys", id, json).ok()) << json;
  }
  AuthDecision Decide(std::optional<std::string_view> key) {
    snapshot_ = builder_.Build(true, 1);
    return DecideOnKey(*snapshot_, key, [this] { return now_; });
  }

  absl::Time now_ = absl::FromUnixSeconds(1767225600);  // 2026-01-01T00:00:00Z
  SnapshotBuilder builder_{nullptr};
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(DecideOnKeyTest, KnownUnknownAndMissing) {
  Add("k1", "sk-good", "");
  const AuthDecision known = Decide("sk-good");
  EXPECT_EQ(known.reason, AuthReason::kNone);
  ASSERT_NE(known.caller, nullptr);
  EXPECT_EQ(known.caller->id(), "k1");
  EXPECT_EQ(Decide("sk-bad").reason, AuthReason::kUnknownKey);
  EXPECT_EQ(Decide(std::nullopt).reason, AuthReason::kMissingCredentials);
}

TEST_F(DecideOnKeyTest, DisabledIsCheckedBeforeExpiry) {
  Add("k1", "sk-1", R"(,"disabled":true,"expires_at":"2020-01-01T00:00:00Z")");
  const AuthDecision decision = Decide("sk-1");
  EXPECT_EQ(decision.reason, AuthReason::kKeyDisabled);
  EXPECT_NE(decision.caller, nullptr);
}

TEST_F(DecideOnKeyTest, AKeyIsStillValidAtItsLastInstant) {
  Add("k1", "sk-1", R"(,"expires_at":"2026-01-01T00:00:00Z")");
  EXPECT_EQ(Decide("sk-1").reason, AuthReason::kNone);
  now_ += absl::Nanoseconds(1);
  EXPECT_EQ(Decide("sk-1").reason, AuthReason::kKeyExpired);
}

TEST_F(DecideOnKeyTest, AHashInUpperCaseMatchesNothing) {
  std::string hash = crypto::Sha256::Of("sk-1").ToHex();
  for (char& c : hash) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  ASSERT_TRUE(builder_.Upsert("api_keys", "k", R"({"key_hash":")" + hash + R"(","allowed_models":[]})").ok());
  EXPECT_EQ(Decide("sk-1").reason, AuthReason::kUnknownKey);
}

}  // namespace
}  // namespace aisix::proxy
