#include "admin_worker/source/etcd/feed/feed.h"

#include <gtest/gtest.h>

#include <thread>

#include "admin_worker/source/etcd/feed/backoff.h"

namespace aisix::admin::etcd {
namespace {

std::vector<Change> OneChange(size_t bytes) {
  return {{"/k", std::string(bytes, 'x'), 1}};
}

TEST(Feed, InOrder) {
  Feed feed(1000);
  EXPECT_TRUE(feed.Put(LoadBegin{}));
  EXPECT_TRUE(feed.Put(LoadPage{{{"/k", "v", 1}}}));
  EXPECT_TRUE(feed.Put(LoadEnd{7}));
  EXPECT_TRUE(feed.PutChanges(OneChange(1)));
  const std::vector<FeedItem> items = feed.TakeAll();
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(std::get<LoadEnd>(items[2]).revision, 7);
}

TEST(Feed, ChangesNeverWaitAndNeverPileUp) {
  Feed feed(1000);
  EXPECT_TRUE(feed.PutChanges(OneChange(400)));
  EXPECT_TRUE(feed.PutChanges(OneChange(400)));
  EXPECT_EQ(feed.backlog(absl::Now()).changes, 2u);
  EXPECT_FALSE(feed.PutChanges(OneChange(400)));
  // What waited is of no use any more: everything is read again.
  EXPECT_EQ(feed.backlog(absl::Now()).changes, 0u);
  EXPECT_EQ(feed.backlog(absl::Now()).overflows, 1u);
  EXPECT_TRUE(feed.Put(LoadBegin{}));
  EXPECT_EQ(feed.TakeAll().size(), 1u);
}

TEST(Feed, OneLargeChangeGoesThrough) {
  Feed feed(10);
  EXPECT_TRUE(feed.PutChanges(OneChange(4000)));
  EXPECT_FALSE(feed.PutChanges(OneChange(1)));
}

TEST(Feed, PagesWaitForRoom) {
  Feed feed(1000);
  ASSERT_TRUE(feed.Put(LoadPage{{{"/a", std::string(900, 'x'), 1}}}));
  std::atomic<bool> second = false;
  std::thread reader([&] { second = feed.Put(LoadPage{{{"/b", std::string(900, 'x'), 2}}}); });
  EXPECT_EQ(feed.TakeAll().size(), 1u);
  EXPECT_EQ(feed.TakeAll().size(), 1u);
  reader.join();
  EXPECT_TRUE(second);
}

TEST(Feed, CloseWakesBothSides) {
  Feed feed(10);
  ASSERT_TRUE(feed.Put(LoadPage{{{"/a", std::string(900, 'x'), 1}}}));
  std::atomic<bool> put = true;
  std::thread reader([&] { put = feed.Put(LoadPage{{{"/b", std::string(900, 'x'), 2}}}); });
  feed.Close();
  reader.join();
  EXPECT_FALSE(put);
  EXPECT_TRUE(feed.TakeAll().empty());
}

TEST(Feed, TheAgeIsThatOfTheOldest) {
  Feed feed(1000);
  EXPECT_EQ(feed.backlog(absl::Now()).age, absl::ZeroDuration());
  ASSERT_TRUE(feed.PutChanges(OneChange(1)));
  EXPECT_GE(feed.backlog(absl::Now() + absl::Seconds(5)).age, absl::Seconds(4));
}

TEST(Backoff, GrowsWithinItsBoundsAndComesBack) {
  Backoff backoff(7);
  absl::Duration last;
  for (int i = 0; i < 20; ++i) {
    last = backoff.Next();
    EXPECT_GE(last, Backoff::kLeast);
    EXPECT_LE(last, Backoff::kMost);
  }
  EXPECT_GE(last, Backoff::kMost * 0.6);
  backoff.Reset();
  EXPECT_LE(backoff.Next(), Backoff::kLeast);
}

}  // namespace
}  // namespace aisix::admin::etcd
