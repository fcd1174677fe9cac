// Files that live in memory only (memfd_create): how start-up parts travel between processes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::os {

// A file with this content that nobody can change any more, whoever holds it (seals WRITE, GROW, SHRINK,
// SEAL). `name` is shown in /proc only. Close-on-exec.
absl::StatusOr<UniqueFd> CreateSealedFile(const char* name, std::string_view content);
// The same from pieces, without a copy of the whole in this process's memory.
absl::StatusOr<UniqueFd> CreateSealedFile(const char* name, std::span<const std::string_view> pieces);

// The same with the content of another regular file, which never comes into this process's memory; the
// descriptor is for reading, like one of the file. More than `limit` bytes: RESOURCE_EXHAUSTED. Needs /proc.
absl::StatusOr<UniqueFd> CopyToSealedFile(const char* name, int source, size_t limit);

// An empty file that every holder may write; only further seals are forbidden. Close-on-exec.
absl::StatusOr<UniqueFd> CreateMemoryFile(const char* name);

// True when the file carries all four seals.
bool IsSealed(int fd);

// The whole content, read from offset 0 with pread: the offset is shared by all holders and stays untouched.
// More than `limit` bytes: RESOURCE_EXHAUSTED.
absl::StatusOr<std::string> ReadAll(int fd, size_t limit = size_t{256} << 20);

// Replaces the content of a writable memory file or regular file.
absl::Status WriteAll(int fd, std::string_view content);

}  // namespace aisix::os
