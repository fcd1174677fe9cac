#include "admin_worker/source/etcd/persistence/state_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "lib/os/memory_file.h"

namespace aisix::admin::etcd {
namespace {

constexpr char kKey[] = "/aisix/cache_policies/c";

class StateLogTest : public ::testing::Test {
 protected:
  StateLog Open() { return StateLog(os::UniqueFd(::dup(memory_.get()))); }

  // Applies changes to the ledger and gives the batch of what they touched.
  std::string Batch(std::vector<Change> changes, int64_t revision) {
    const Outcome outcome = ledger_.Apply(std::move(changes), 77);
    std::string batch;
    for (const auto& [key, observed] : outcome.touched) AppendRecord(batch, key, observed.get());
    AppendRevision(batch, revision);
    AppendStatus(batch, "status " + std::to_string(revision));
    return batch;
  }
  StateLog::Image Image(int64_t revision) const { return {revision, ledger_.table(), "image"}; }

  os::UniqueFd memory_ = *os::CreateMemoryFile("state");
  const KeySpace keys_{"/aisix", ""};
  const SchemaCatalog schemas_;
  Ledger ledger_{keys_, schemas_, 1};
};

TEST_F(StateLogTest, NothingAtFirst) {
  EXPECT_FALSE(Open().Read());
  EXPECT_FALSE(StateLog(os::UniqueFd()).Read());
  EXPECT_TRUE(StateLog(os::UniqueFd()).Append("x").ok());
}

TEST_F(StateLogTest, BatchesAddUp) {
  {
    StateLog log = Open();
    ASSERT_TRUE(log.Append(Batch({{kKey, R"({"name":"a"})", 2}, {"/aisix/models/m", "no", 2}}, 2)).ok());
    ASSERT_TRUE(log.Append(Batch({{kKey, "bad", 3}}, 3)).ok());
    ASSERT_TRUE(log.Append(Batch({{"/aisix/models/m", std::nullopt, 4}}, 4)).ok());
  }
  StateLog log = Open();
  const auto saved = log.Read();
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->revision, 4);
  EXPECT_EQ(saved->status, "status 4");
  ASSERT_EQ(saved->entries.size(), 1u);
  EXPECT_EQ(saved->entries[0].value, "bad");
  ASSERT_EQ(saved->pins.size(), 1u);
  EXPECT_EQ(saved->pins[0].value, R"({"name":"a"})");
  EXPECT_EQ(saved->pins[0].since, 77);
}

TEST_F(StateLogTest, AnUnfinishedBatchIsLeftOut) {
  StateLog log = Open();
  ASSERT_TRUE(log.Append(Batch({{kKey, R"({"name":"a"})", 2}}, 2)).ok());
  // A worker that dies after it wrote the records of a batch and before it wrote the slot.
  struct stat before {};
  ASSERT_EQ(::fstat(memory_.get(), &before), 0);
  ASSERT_EQ(::pwrite(memory_.get(), "half a record", 13, before.st_size), 13);
  EXPECT_EQ(Open().Read()->revision, 2);
}

TEST_F(StateLogTest, ABrokenSlotLeavesTheVersionBefore) {
  StateLog log = Open();
  ASSERT_TRUE(log.Append(Batch({{kKey, R"({"name":"a"})", 2}}, 2)).ok());
  ASSERT_TRUE(log.Append(Batch({{kKey, R"({"name":"b"})", 3}}, 3)).ok());
  // Slots of the first generation: the third and the fourth; the second batch wrote the third.
  std::string slot(72, '\0');
  ASSERT_EQ(::pread(memory_.get(), slot.data(), slot.size(), 2 * 72), 72);
  slot[20] = static_cast<char>(slot[20] ^ 1);
  ASSERT_EQ(::pwrite(memory_.get(), slot.data(), slot.size(), 2 * 72), 72);
  EXPECT_EQ(Open().Read()->revision, 2);
}

TEST_F(StateLogTest, ARewriteForgetsTheHistory) {
  StateLog log = Open();
  EXPECT_FALSE(log.wants_rewrite());
  int64_t revision = 2;
  ASSERT_TRUE(log.Append(Batch({{kKey, R"({"name":"a"})", revision}}, revision)).ok());
  const std::string filler(100'000, 'x');
  while (!log.wants_rewrite()) {
    ++revision;
    ASSERT_TRUE(log.Append(Batch({{kKey, "{\"name\":\"" + filler + "\"}", revision}}, revision)).ok());
    ASSERT_LT(revision, 100);
  }
  ASSERT_TRUE(log.Rewrite([&] { return Image(revision); }).ok());
  EXPECT_FALSE(log.wants_rewrite());
  ++revision;
  ASSERT_TRUE(log.Append(Batch({{"/aisix/cache_policies/d", R"({"name":"d"})", revision}}, revision)).ok());
  const auto saved = Open().Read();
  EXPECT_EQ(saved->revision, revision);
  ASSERT_EQ(saved->entries.size(), 2u);
  // The memory of the old image is given back.
  struct stat status {};
  ASSERT_EQ(::fstat(memory_.get(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 300'000);
}

TEST_F(StateLogTest, BatchesThatComeDuringARewriteAreKept) {
  StateLog log = Open();
  ASSERT_TRUE(log.Append(Batch({{kKey, R"({"name":"a"})", 2}}, 2)).ok());
  ASSERT_TRUE(
      log.Rewrite([&] {
           const StateLog::Image image = Image(2);
           EXPECT_TRUE(log.Append(Batch({{"/aisix/cache_policies/d", R"({"name":"d"})", 3}}, 3)).ok());
           return image;
         })
          .ok());
  const auto saved = Open().Read();
  EXPECT_EQ(saved->revision, 3);
  EXPECT_EQ(saved->entries.size(), 2u);
}

TEST_F(StateLogTest, TheNewerWorkerCounts) {
  StateLog old_worker = Open();
  ASSERT_TRUE(old_worker.Append(Batch({{kKey, R"({"name":"a"})", 2}}, 2)).ok());
  StateLog new_worker = Open();
  ASSERT_TRUE(new_worker.Read());
  ASSERT_TRUE(new_worker.Rewrite([&] { return Image(2); }).ok());
  ASSERT_TRUE(new_worker.Append(Batch({{kKey, R"({"name":"b"})", 3}}, 3)).ok());
  for (int64_t revision = 4; revision < 10; ++revision) {
    std::string batch;
    AppendRevision(batch, revision);
    ASSERT_TRUE(old_worker.Append(batch).ok());
  }
  const auto saved = Open().Read();
  EXPECT_EQ(saved->revision, 3);
  EXPECT_EQ(saved->entries[0].value, R"({"name":"b"})");
}

TEST_F(StateLogTest, AnotherFormatIsNotRead) {
  ASSERT_EQ(::pwrite(memory_.get(), std::string(4096, 'z').data(), 4096, 0), 4096);
  EXPECT_FALSE(Open().Read());
}

}  // namespace
}  // namespace aisix::admin::etcd
