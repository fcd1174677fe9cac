#include <gtest/gtest.h>

#include <set>
#include <unordered_set>

#include "absl/hash/hash.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/hex.h"
#include "lib/crypto/secret.h"
#include "lib/crypto/sha256.h"
#include "lib/crypto/uuid.h"

namespace aisix::crypto {
namespace {

constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(Sha256::Of("").ToHex(), kEmpty);
  EXPECT_EQ(Sha256::Of("abc").ToHex(), kAbc);
}

TEST(Sha256, StreamEqualsWhole) {
  Sha256Stream stream;
  stream.Update("a");
  stream.Update("");
  stream.Update("bc");
  EXPECT_EQ(stream.Finish(), Sha256::Of("abc"));
}

TEST(Sha256, HexIsStrict) {
  EXPECT_EQ(Sha256::FromHex(kAbc), Sha256::Of("abc"));
  std::string upper(kAbc);
  upper[0] = 'B';
  EXPECT_FALSE(Sha256::FromHex(upper));
  EXPECT_FALSE(Sha256::FromHex(std::string(kAbc).substr(1)));
  EXPECT_FALSE(Sha256::FromHex(std::string(kAbc) + "0"));
  EXPECT_FALSE(Sha256::FromHex(""));
}

TEST(Sha256, IsAKey) {
  const std::unordered_set<Sha256> hashed{Sha256::Of("a"), Sha256::Of("b"), Sha256::Of("a")};
  EXPECT_EQ(hashed.size(), 2u);
  const std::set<Sha256> ordered{Sha256::Of("a"), Sha256::Of("b"), Sha256::Of("a")};
  EXPECT_EQ(ordered.size(), 2u);
  EXPECT_EQ(absl::HashOf(Sha256::Of("a")), absl::HashOf(Sha256::Of("a")));
  EXPECT_NE(absl::HashOf(Sha256::Of("a")), absl::HashOf(Sha256::Of("b")));
}

TEST(Uuid, Version5OfTheRfc) {
  // RFC 9562, appendix A.4: www.example.com in the DNS name space.
  const auto dns = ParseUuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  ASSERT_TRUE(dns);
  EXPECT_EQ(UuidV5(*dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, Version4HasItsMarks) {
  const std::string a = UuidV4();
  const std::string b = UuidV4();
  EXPECT_NE(a, b);
  EXPECT_EQ(a[14], '4');
  EXPECT_NE(std::string("89ab").find(a[19]), std::string::npos);
  EXPECT_TRUE(ParseUuid(a));
}

TEST(Uuid, ParseIsStrict) {
  EXPECT_EQ(FormatUuid(*ParseUuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8")),
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  EXPECT_FALSE(ParseUuid("6ba7b8109dad11d180b400c04fd430c8"));
  EXPECT_FALSE(ParseUuid("6ba7b810-9dad-11d1-80b4-00c04fd430cg"));
  EXPECT_FALSE(ParseUuid("6ba7b810-9dad-11d1-80b4000c04fd430c8"));
}

TEST(Base64, VectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(Base64Encode(plain), encoded);
    EXPECT_EQ(Base64Decode(encoded), plain);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Z===", "Zg==\n", "Zm9-", "===="})
    EXPECT_FALSE(Base64Decode(bad)) << bad;
}

TEST(Base64, UrlAlphabetWithoutPadding) {
  EXPECT_EQ(Base64UrlEncode("\xfb\xff"), "-_8");
  EXPECT_EQ(Base64UrlDecode("-_8"), "\xfb\xff");
  EXPECT_FALSE(Base64UrlDecode("-_8="));
  EXPECT_FALSE(Base64UrlDecode("+/8"));
}

TEST(Secret, WipeOverwritesTheBytes) {
  std::string secret = "a secret that is longer than the small-string buffer";
  const char* bytes = secret.data();
  const size_t size = secret.size();
  Wipe(secret);
  EXPECT_TRUE(secret.empty());
  ASSERT_EQ(secret.data(), bytes);
  for (size_t i = 1; i < size; ++i) EXPECT_EQ(bytes[i], '\0');
}

TEST(Secret, EqualConstantTime) {
  EXPECT_TRUE(EqualConstantTime("abc", "abc"));
  EXPECT_FALSE(EqualConstantTime("abc", "abd"));
  EXPECT_FALSE(EqualConstantTime("abc", "ab"));
}

}  // namespace
}  // namespace aisix::crypto
