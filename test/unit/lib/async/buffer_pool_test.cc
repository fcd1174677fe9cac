#include "lib/async/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstring>

#include "lib/async/loop.h"

namespace aisix::async {
namespace {

TEST(BufferPool, ReusesTheBlockThatWasGivenBackLast) {
  Loop loop;
  BufferPool& pool = loop.buffers();
  Buffer first = pool.Take(16 * 1024);
  EXPECT_EQ(first.capacity(), 16u * 1024);
  char* data = first.data();
  EXPECT_EQ(pool.used_bytes(), 16u * 1024);
  first.Release();
  EXPECT_EQ(pool.used_bytes(), 0u);
  EXPECT_EQ(pool.free_bytes(), 16u * 1024);
  Buffer second = pool.Take(9 * 1024);
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(pool.free_bytes(), 0u);
}

TEST(BufferPool, ClassesArePowersOfTwo) {
  Loop loop;
  BufferPool& pool = loop.buffers();
  for (size_t size : {size_t{1}, size_t{1024}, size_t{1025}, size_t{64} * 1024, BufferPool::kLargest}) {
    Buffer buffer = pool.Take(size);
    EXPECT_GE(buffer.capacity(), size);
    EXPECT_LT(buffer.capacity(), std::max(2 * size, BufferPool::kSmallest + 1));
    std::memset(buffer.data(), 'x', buffer.capacity());
  }
}

TEST(BufferPool, LargeBlocksAreExactAndNotKept) {
  Loop loop;
  BufferPool& pool = loop.buffers();
  Buffer buffer = pool.Take(BufferPool::kLargest + 5);
  EXPECT_EQ(buffer.capacity(), BufferPool::kLargest + 5);
  buffer.Release();
  EXPECT_EQ(pool.free_bytes(), 0u);
  EXPECT_EQ(pool.used_bytes(), 0u);
}

TEST(BufferPool, KeepsNoMoreThanItsCap) {
  Loop loop;
  BufferPool pool(loop, 4096);
  std::vector<Buffer> buffers;
  for (int i = 0; i < 10; ++i) buffers.push_back(pool.Take(1024));
  buffers.clear();
  EXPECT_EQ(pool.free_bytes(), 4096u);
}

TEST(BufferPool, TrimFreesWhatNobodyNeededSinceTheLastOne) {
  Loop loop;
  BufferPool& pool = loop.buffers();
  {
    Buffer a = pool.Take(1024);
    Buffer b = pool.Take(1024);
    Buffer c = pool.Take(1024);
  }
  pool.Trim();  // learns that three are free
  EXPECT_EQ(pool.free_bytes(), 3072u);
  { Buffer used = pool.Take(1024); }
  pool.Trim();  // two were never needed meanwhile
  EXPECT_EQ(pool.free_bytes(), 1024u);
  pool.Trim();
  EXPECT_EQ(pool.free_bytes(), 0u);
}

TEST(Buffer, GrowKeepsTheUsedBytes) {
  Loop loop;
  Buffer buffer = loop.buffers().Take(1024);
  std::memcpy(buffer.data(), "hello", 5);
  for (size_t size = 2048; size < 8 * BufferPool::kLargest; size *= 2) {
    buffer.Grow(size, 5);
    ASSERT_GE(buffer.capacity(), size);
    ASSERT_EQ(std::memcmp(buffer.data(), "hello", 5), 0);
  }
  buffer.Release();
  EXPECT_EQ(loop.buffers().used_bytes(), 0u);
}

}  // namespace
}  // namespace aisix::async
