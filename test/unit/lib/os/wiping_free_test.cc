// What was freed is nowhere in the memory of this process any more.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

// Made where it is needed, so that nothing but the memory under test holds it.
void WriteMarker(char* out, char seed) {
  for (int i = 0; i < 48; ++i) out[i] = static_cast<char>('!' + (i * 7 + seed) % 90);
}

// How often the marker stands in the writable memory of this process.
int CountMarker(char seed) {
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(memory, 0);
  // The first character is found first, the rest is compared with what it would be: no second copy is made.
  const auto is_marker = [seed](const char* at) {
    for (int i = 0; i < 48; ++i) {
      if (at[i] != static_cast<char>('!' + (i * 7 + seed) % 90)) return false;
    }
    return true;
  };
  int count = 0;
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, mode) != 3) continue;
    if (std::strncmp(mode, "rw", 2) != 0 || line.find("[heap]") == std::string::npos) continue;
    // Outside the heap, or the copy would be found.
    const size_t size = end - begin;
    void* const copy = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const ssize_t read = ::pread(memory, copy, size, static_cast<off_t>(begin));
    for (ssize_t i = 0; i + 48 <= read; ++i) count += is_marker(static_cast<const char*>(copy) + i) ? 1 : 0;
    ::munmap(copy, size);
  }
  ::close(memory);
  return count;
}

TEST(WipingFree, TheMarkerIsFoundWhileItIsThere) {
  std::unique_ptr<char[]> text(new char[64]);
  WriteMarker(text.get(), 1);
  EXPECT_EQ(CountMarker(1), 1);
}

TEST(WipingFree, DeletedMemoryIsWiped) {
  {
    std::unique_ptr<char[]> text(new char[1000]);
    WriteMarker(text.get() + 500, 2);
  }
  EXPECT_EQ(CountMarker(2), 0);
}

TEST(WipingFree, FreedMemoryIsWiped) {
  auto* text = static_cast<char*>(std::malloc(300));
  WriteMarker(text + 200, 3);
  std::free(text);
  std::free(nullptr);
  EXPECT_EQ(CountMarker(3), 0);
}

TEST(WipingFree, AGrownBlockLeavesNothingBehindAndLosesNothing) {
  auto* text = static_cast<char*>(std::malloc(300));
  WriteMarker(text + 200, 4);
  std::vector<std::unique_ptr<char[]>> between;
  for (int i = 0; i < 10; ++i) between.emplace_back(new char[400]);
  text = static_cast<char*>(std::realloc(text, 5000));
  EXPECT_EQ(CountMarker(4), 1);
  text = static_cast<char*>(std::realloc(text, 250));
  EXPECT_EQ(CountMarker(4), 1);
  text = static_cast<char*>(std::realloc(text, 220));
  EXPECT_EQ(CountMarker(4), 0);
  std::free(std::realloc(text, 1));
  std::free(std::realloc(nullptr, 8));
}

}  // namespace
