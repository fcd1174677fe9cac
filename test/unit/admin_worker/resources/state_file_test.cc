#include "admin_worker/resources/state_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "lib/os/memory_file.h"

namespace aisix::admin {
namespace {

class StateFileTest : public ::testing::Test {
 protected:
  StateFile Open() { return StateFile(os::UniqueFd(::dup(memory_.get()))); }
  os::UniqueFd memory_ = *os::CreateMemoryFile("state");
};

TEST_F(StateFileTest, EmptyHasNothing) {
  EXPECT_EQ(Open().Read(), std::nullopt);
}

TEST_F(StateFileTest, TheNewestRecordIsRead) {
  StateFile first = Open();
  ASSERT_TRUE(first.Write("one").ok());
  EXPECT_EQ(Open().Read(), "one");
  ASSERT_TRUE(first.Write("a longer second record").ok());
  EXPECT_EQ(Open().Read(), "a longer second record");
  StateFile second = Open();
  EXPECT_EQ(second.Read(), "a longer second record");
  ASSERT_TRUE(second.Write("three").ok());
  EXPECT_EQ(Open().Read(), "three");
}

TEST_F(StateFileTest, AnInterruptedWriteLeavesThePreviousRecord) {
  StateFile file = Open();
  ASSERT_TRUE(file.Write("the good one").ok());
  const size_t good = os::ReadAll(memory_.get())->find("the good one");
  ASSERT_TRUE(file.Write("the torn one").ok());
  // As long as the new record is being written the old one is there.
  ASSERT_EQ(::pwrite(memory_.get(), "the good one", 12, static_cast<off_t>(good)), 12);
  EXPECT_EQ(Open().Read(), "the torn one");
  const size_t torn = os::ReadAll(memory_.get())->find("torn");
  ASSERT_NE(torn, std::string::npos);
  ASSERT_EQ(::pwrite(memory_.get(), "XXXX", 4, static_cast<off_t>(torn)), 4);
  EXPECT_EQ(Open().Read(), "the good one");
}

TEST_F(StateFileTest, AReplacedRecordIsGone) {
  StateFile file = Open();
  for (const size_t size : {5000, 9000, 100, 20000, 20, 20}) {
    ASSERT_TRUE(file.Write(std::string(size, 'x')).ok());
    const std::string bytes = *os::ReadAll(memory_.get());
    EXPECT_EQ(static_cast<size_t>(std::count(bytes.begin() + 4096, bytes.end(), 'x')), size);
  }
}

TEST_F(StateFileTest, RecordsOfChangingSizeNeverOverlapTheCurrentOne) {
  StateFile file = Open();
  for (size_t size : {10, 5000, 3, 20000, 100, 100000, 1}) {
    const std::string record(size, static_cast<char>('a' + size % 26));
    ASSERT_TRUE(file.Write(record).ok());
    EXPECT_EQ(Open().Read(), record);
  }
  // What a record once took is used again.
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(file.Write(std::string(1000, 'z')).ok());
  EXPECT_LT(os::ReadAll(memory_.get())->size(), 200000u);
}

TEST(StateFile, WithoutADescriptorNothingIsKept) {
  StateFile file((os::UniqueFd()));
  EXPECT_TRUE(file.Write("x").ok());
  EXPECT_EQ(file.Read(), std::nullopt);
}

}  // namespace
}  // namespace aisix::admin
