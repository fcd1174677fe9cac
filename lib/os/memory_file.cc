#include "lib/os/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/os/error.h"

namespace aisix::os {
namespace {

constexpr int kAllSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

absl::StatusOr<UniqueFd> Create(const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return ErrorStatus(errno, "memfd_create");
  return fd;
}

absl::Status WriteAt(int fd, off_t offset, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::pwrite(fd, content.data(), content.size(), offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrorStatus(errno, "write");
    }
    offset += written;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> CreateSealedFile(const char* name, std::string_view content) {
  return CreateSealedFile(name, std::span<const std::string_view>(&content, 1));
}

absl::StatusOr<UniqueFd> CreateSealedFile(const char* name, std::span<const std::string_view> pieces) {
  absl::StatusOr<UniqueFd> fd = Create(name);
  if (!fd.ok()) return fd;
  off_t offset = 0;
  for (const std::string_view piece : pieces) {
    if (absl::Status status = WriteAt(fd->get(), offset, piece); !status.ok()) return status;
    offset += static_cast<off_t>(piece.size());
  }
  if (::fcntl(fd->get(), F_ADD_SEALS, kAllSeals) != 0) return ErrorStatus(errno, "seal");
  return fd;
}

absl::StatusOr<UniqueFd> CopyToSealedFile(const char* name, int source, size_t limit) {
  absl::StatusOr<UniqueFd> fd = Create(name);
  if (!fd.ok()) return fd;
  for (off_t offset = 0;;) {
    const ssize_t copied = ::sendfile(fd->get(), source, &offset, limit + 1);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) return ErrorStatus(errno, "copy");
    if (static_cast<size_t>(offset) > limit) return absl::ResourceExhaustedError("file is too large");
    if (copied == 0) break;
  }
  // Also reopened it stays what it is.
  if (::fchmod(fd->get(), 0400) != 0) return ErrorStatus(errno, "chmod");
  if (::fcntl(fd->get(), F_ADD_SEALS, kAllSeals) != 0) return ErrorStatus(errno, "seal");
  const std::string path = "/proc/self/fd/" + std::to_string(fd->get());
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader.valid()) return ErrorStatus(errno, "reopen");
  return reader;
}

absl::StatusOr<UniqueFd> CreateMemoryFile(const char* name) {
  absl::StatusOr<UniqueFd> fd = Create(name);
  if (!fd.ok()) return fd;
  // A holder that could add F_SEAL_WRITE would take the memory away from its successor.
  if (::fcntl(fd->get(), F_ADD_SEALS, F_SEAL_SEAL) != 0) return ErrorStatus(errno, "seal");
  return fd;
}

bool IsSealed(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & kAllSeals) == kAllSeals;
}

absl::StatusOr<std::string> ReadAll(int fd, size_t limit) {
  std::string content;
  // The system call itself: the C library's fstat is the call that could be given a path, which the sandbox
  // refuses.
  struct stat status {};
  if (::syscall(SYS_fstat, fd, &status) == 0 && status.st_size > 0) {
    if (static_cast<uint64_t>(status.st_size) > limit)
      return absl::ResourceExhaustedError("file is too large");
    content.reserve(static_cast<size_t>(status.st_size));
  }
  // Files of /proc report size 0, and a regular file may grow meanwhile: the end is what read says.
  char buffer[64 * 1024];
  while (true) {
    const ssize_t count = ::pread(fd, buffer, sizeof(buffer), static_cast<off_t>(content.size()));
    if (count < 0) {
      if (errno == EINTR) continue;
      return ErrorStatus(errno, "read");
    }
    if (count == 0) break;
    if (content.size() + static_cast<size_t>(count) > limit) {
      return absl::ResourceExhaustedError("file is too large");
    }
    content.append(buffer, static_cast<size_t>(count));
  }
  ::explicit_bzero(buffer, sizeof(buffer));  // files hold keys
  return content;
}

absl::Status WriteAll(int fd, std::string_view content) {
  if (absl::Status status = WriteAt(fd, 0, content); !status.ok()) return status;
  if (::ftruncate(fd, static_cast<off_t>(content.size())) != 0) return ErrorStatus(errno, "truncate");
  return absl::OkStatus();
}

}  // namespace aisix::os
