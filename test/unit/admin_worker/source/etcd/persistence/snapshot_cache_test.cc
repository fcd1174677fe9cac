#include "admin_worker/source/etcd/persistence/snapshot_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace aisix::admin::etcd {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr char kKey[] = "/aisix/cache_policies/c";

class SnapshotCacheTest : public ::testing::Test {
 protected:
  SnapshotCacheTest() {
    std::string pattern = fs::temp_directory_path() / "aisix-cache-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    ledger_.BeginLoad();
    ledger_.AddPage({{kKey, R"({ "name":"a"})", 3}, {"/aisix/models/m", "no", 4}});
    ledger_.FinishLoad({}, 100);
    ledger_.Apply({{kKey, "bad", 5}}, 123);
  }
  ~SnapshotCacheTest() override { fs::remove_all(directory_); }

  std::string Text() {
    std::string text;
    EXPECT_TRUE(EncodeSnapshot(5, ledger_.table(), [&](std::string_view piece) {
                  text += piece;
                  return absl::OkStatus();
                }).ok());
    return text;
  }

  const KeySpace keys_{"/aisix", ""};
  const SchemaCatalog schemas_;
  Ledger ledger_{keys_, schemas_, 1};
  fs::path directory_;
};

TEST_F(SnapshotCacheTest, Format) {
  EXPECT_EQ(
      Text(),
      R"({"version":1,"revision":5,"entries":[{"key":"/aisix/cache_policies/c","value_b64":"YmFk","revision":5},)"
      R"({"key":"/aisix/models/m","value_b64":"bm8=","revision":4}],)"
      R"("stale":[{"key":"/aisix/cache_policies/c","value_b64":"eyAibmFtZSI6ImEifQ==","revision":3,)"
      R"("since_unix_secs":123}]})");
}

TEST_F(SnapshotCacheTest, WhatWasWrittenIsRead) {
  const auto snapshot = DecodeSnapshot(Text());
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->revision, 5);
  ASSERT_EQ(snapshot->entries.size(), 2u);
  EXPECT_EQ(snapshot->entries[0].value, "bad");
  EXPECT_EQ(snapshot->entries[1].mod_revision, 4);
  ASSERT_EQ(snapshot->pins.size(), 1u);
  EXPECT_EQ(snapshot->pins[0].value, R"({ "name":"a"})");
  EXPECT_EQ(snapshot->pins[0].since, 123);
}

TEST_F(SnapshotCacheTest, OlderFilesHaveNoPins) {
  const auto snapshot = DecodeSnapshot(R"({"version":1,"revision":42,"entries":[]})");
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->revision, 42);
}

TEST_F(SnapshotCacheTest, EntriesOfOthersMayBeInAnyOrder) {
  const auto snapshot = DecodeSnapshot(
      R"({"version":1,"revision":1,"entries":[{"key":"b","value_b64":"","revision":1},{"key":"a","value_b64":"","revision":2}]})");
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->entries[0].key, "a");
}

TEST_F(SnapshotCacheTest, UnusableTexts) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"version":2,"revision":1,"entries":[]})",
        R"({"version":1,"revision":"1","entries":[]})",
        R"({"version":1,"revision":1,"entries":[{"key":"a","value_b64":"?","revision":1}]})",
        R"({"version":1,"revision":1,"entries":[{"key":"a","value_b64":"YQ","revision":1}]})",
        R"({"version":1,"revision":1,"entries":[],"stale":[{"key":"a"}]})"}) {
    EXPECT_FALSE(DecodeSnapshot(text).ok()) << text;
  }
}

TEST_F(SnapshotCacheTest, TheFileIsForItsOwnerOnly) {
  const fs::path path = directory_ / "deep" / "state" / "cache.json";
  const auto file = CacheFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(absl::IsNotFound(file->Read().status()));
  ASSERT_TRUE(file->Write(5, ledger_.table()).ok());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(path.parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  EXPECT_FALSE(fs::exists(path.parent_path() / "cache.tmp"));
  EXPECT_EQ(file->Read()->revision, 5);
}

TEST_F(SnapshotCacheTest, ALeftoverIsNoObstacle) {
  std::ofstream(directory_ / "cache.tmp") << "old";
  const auto file = CacheFile::Open(directory_ / "cache.json");
  ASSERT_TRUE(file->Write(1, ledger_.table()).ok());
  ASSERT_TRUE(file->Write(2, ledger_.table()).ok());
  EXPECT_EQ(file->Read()->revision, 2);
}

TEST_F(SnapshotCacheTest, ACorruptFileIsAnErrorThatSaysSo) {
  std::ofstream(directory_ / "cache.json") << R"({"version":7})";
  const auto file = CacheFile::Open(directory_ / "cache.json");
  const absl::Status status = file->Read().status();
  EXPECT_FALSE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("version"));
}

}  // namespace
}  // namespace aisix::admin::etcd
