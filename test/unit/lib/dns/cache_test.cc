#include "lib/dns/cache.h"

#include <gtest/gtest.h>

namespace aisix::dns {
namespace {

Cache::Entry Lives(uint64_t ttl_ms, const char* ip = "192.0.2.1") {
  return {{net::ParseAddress(ip, 0)}, ttl_ms};
}

TEST(Cache, AnAnswerLivesAsLongAsItSays) {
  Cache cache({});
  cache.Put("a", Lives(20'000), 1'000);
  ASSERT_NE(cache.Find("a", 20'999).entry, nullptr);
  EXPECT_EQ(cache.Find("a", 20'999).entry->addresses.front().Ip(), "192.0.2.1");
  EXPECT_EQ(cache.Find("a", 21'000).entry, nullptr);
  EXPECT_EQ(cache.Find("b", 0).entry, nullptr);
}

TEST(Cache, WithinBounds) {
  Cache cache({});
  cache.Put("short", Lives(0), 0);
  cache.Put("long", Lives(86'400'000), 0);
  EXPECT_NE(cache.Find("short", 999).entry, nullptr);
  EXPECT_EQ(cache.Find("short", 1'000).entry, nullptr);
  EXPECT_NE(cache.Find("long", 59'999).entry, nullptr);
  EXPECT_EQ(cache.Find("long", 60'000).entry, nullptr);
}

TEST(Cache, AMissingNameIsRememberedBriefly) {
  Cache cache({});
  cache.Put("a", {}, 0);
  ASSERT_NE(cache.Find("a", 4'999).entry, nullptr);
  EXPECT_TRUE(cache.Find("a", 4'999).entry->addresses.empty());
  EXPECT_EQ(cache.Find("a", 5'000).entry, nullptr);
  EXPECT_EQ(cache.Revive("a", 5'000).entry, nullptr);
}

TEST(Cache, AnExpiredAnswerMayBeRevived) {
  Cache cache({});
  cache.Put("a", Lives(1'000), 0);
  EXPECT_FALSE(cache.Find("a", 0).stale);
  ASSERT_NE(cache.Revive("a", 2'000).entry, nullptr);
  ASSERT_NE(cache.Find("a", 6'999).entry, nullptr);
  EXPECT_TRUE(cache.Find("a", 6'999).stale);
  EXPECT_EQ(cache.Find("a", 7'000).entry, nullptr);
  cache.Put("a", Lives(1'000, "192.0.2.2"), 7'000);
  EXPECT_FALSE(cache.Find("a", 7'000).stale);
  // Not for ever.
  EXPECT_EQ(cache.Revive("a", 8'000 + 3'600'000).entry, nullptr);
  EXPECT_EQ(cache.Revive("unknown", 0).entry, nullptr);
}

TEST(Cache, IsBounded) {
  CacheOptions options;
  options.max_names = 3;
  Cache cache(options);
  for (int i = 0; i < 10; ++i) cache.Put(std::to_string(i), Lives(static_cast<uint64_t>(i + 1) * 1'000), 0);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_NE(cache.Find("9", 0).entry, nullptr);
  EXPECT_EQ(cache.Find("0", 0).entry, nullptr);
  // What is known already needs no room.
  cache.Put("9", Lives(1'000), 0);
  EXPECT_EQ(cache.size(), 3u);
  // Names that are of no use any more go first.
  cache.Put("new", Lives(1'000), 10'000'000);
  EXPECT_EQ(cache.size(), 1u);
}

}  // namespace
}  // namespace aisix::dns
