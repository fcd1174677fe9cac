// Memory that is given back is overwritten first. Linked into the zones that hold credentials: what is wiped
// by its owner is one copy of a secret; decoders, buffers of gRPC and growing strings leave others behind,
// which nobody could find any more, but who can read the memory of the process.
//
// Blocks of pages of their own go back to the kernel as they are: nobody can read them, and overwriting would
// first bring in what was never touched.
//
// Takes the place of the C library's functions of the same name for the whole process, C++'s operators and
// shared libraries included. Sanitizers have their own.
#include <malloc.h>
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define AISIX_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AISIX_SANITIZED 1
#endif

#ifndef AISIX_SANITIZED

namespace {

// Given once, it stays: by itself the C library would raise it to the largest block that was ever freed.
constexpr int kPagesOfTheirOwn = 1024 * 1024;

[[gnu::constructor]] void FixThreshold() {
  ::mallopt(M_MMAP_THRESHOLD, kPagesOfTheirOwn);
}

// As the C library marks them, in the word before the block.
bool HasPagesOfItsOwn(const void* memory) {
  constexpr size_t kMapped = 2;
  return (static_cast<const size_t*>(memory)[-1] & kMapped) != 0;
}

}  // namespace

extern "C" {

void __libc_free(void* memory);
void* __libc_realloc(void* memory, size_t size);

void free(void* memory) {
  if (memory == nullptr) return;
  if (!HasPagesOfItsOwn(memory)) ::explicit_bzero(memory, ::malloc_usable_size(memory));
  __libc_free(memory);
}

void* realloc(void* memory, size_t size) {
  if (memory == nullptr) return ::malloc(size);
  if (size != 0 && HasPagesOfItsOwn(memory)) return __libc_realloc(memory, size);
  const size_t had = ::malloc_usable_size(memory);
  // In place while it fits and does not waste more than half.
  if (size != 0 && size <= had && size >= had / 2) {
    ::explicit_bzero(static_cast<char*>(memory) + size, had - size);
    return memory;
  }
  void* moved = size == 0 ? nullptr : ::malloc(size);
  if (moved == nullptr && size != 0) return nullptr;
  if (moved != nullptr) ::memcpy(moved, memory, std::min(had, size));
  free(memory);
  return moved;
}

}  // extern "C"

#endif
