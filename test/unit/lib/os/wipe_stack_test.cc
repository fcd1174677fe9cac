#include "lib/os/wipe_stack.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace aisix::os {
namespace {

constexpr size_t kStackSize = 512 * 1024;
constexpr size_t kLeftSize = 32 * 1024;
constexpr char kMark = '\x5c';

[[gnu::noinline]] void LeaveBehind() {
  [[maybe_unused]] volatile char area[kLeftSize];
  for (size_t i = 0; i < kLeftSize; ++i) area[i] = kMark;
}

// How much of it is on the stack of a thread that has ended.
size_t LeftBy(void* (*function)(void*)) {
  void* const stack =
      ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  EXPECT_EQ(::pthread_attr_setstack(&attributes, stack, kStackSize), 0);
  pthread_t thread;
  EXPECT_EQ(::pthread_create(&thread, &attributes, function, nullptr), 0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
  const char* const bytes = static_cast<const char*>(stack);
  const auto left = static_cast<size_t>(std::count(bytes, bytes + kStackSize, kMark));
  ::munmap(stack, kStackSize);
  return left;
}

TEST(WipeStack, WhatFunctionsLeftBehindIsGone) {
  EXPECT_GE(LeftBy([](void*) -> void* {
              LeaveBehind();
              return nullptr;
            }),
            kLeftSize);
  // The frames differ by what is around their arrays.
  EXPECT_LT(LeftBy([](void*) -> void* {
              LeaveBehind();
              WipeStack();
              return nullptr;
            }),
            256u);
}

}  // namespace
}  // namespace aisix::os
