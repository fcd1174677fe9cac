#include "admin_worker/resources/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/crypto/sha256.h"
#include "lib/os/error.h"

namespace aisix::admin {
namespace {

constexpr uint64_t kMaxRecord = uint64_t{1} << 30;

bool ReadExactly(int fd, void* out, size_t size, uint64_t offset) {
  auto* bytes = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t count = ::pread(fd, bytes, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
  return true;
}

bool WriteExactly(int fd, const void* data, size_t size, uint64_t offset) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::pwrite(fd, bytes, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
  return true;
}

}  // namespace

StateFile::StateFile(os::UniqueFd fd) : fd_(std::move(fd)) {}

std::optional<std::string> StateFile::ReadSlot(int index, Slot& slot) {
  if (!ReadExactly(fd_.get(), &slot, sizeof(slot), static_cast<uint64_t>(index) * sizeof(slot)))
    return std::nullopt;
  if (slot.sequence == 0 || slot.size > kMaxRecord || slot.offset < kDataStart) return std::nullopt;
  std::string record(slot.size, '\0');
  if (!ReadExactly(fd_.get(), record.data(), record.size(), slot.offset)) return std::nullopt;
  const crypto::Sha256 digest = crypto::Sha256::Of(record);
  if (std::memcmp(digest.bytes.data(), slot.digest, sizeof(slot.digest)) != 0) return std::nullopt;
  return record;
}

std::optional<std::string> StateFile::Read() {
  std::optional<std::string> newest;
  if (!fd_.valid()) return newest;
  for (int index = 0; index < 2; ++index) {
    Slot slot;
    std::optional<std::string> record = ReadSlot(index, slot);
    if (!record || slot.sequence < current_.sequence) continue;
    current_ = slot;
    newest = std::move(record);
  }
  return newest;
}

absl::Status StateFile::Write(std::string_view record) {
  if (!fd_.valid()) return absl::OkStatus();
  Slot next;
  next.sequence = current_.sequence + 1;
  next.size = record.size();
  // Before the current record when it fits there, else behind it.
  const bool fits_before = current_.sequence == 0 || current_.offset >= kDataStart + record.size();
  next.offset = fits_before ? kDataStart : current_.offset + current_.size;
  const crypto::Sha256 digest = crypto::Sha256::Of(record);
  std::memcpy(next.digest, digest.bytes.data(), sizeof(next.digest));
  const uint64_t slot_offset = (next.sequence % 2) * sizeof(Slot);
  if (!WriteExactly(fd_.get(), record.data(), record.size(), next.offset) ||
      !WriteExactly(fd_.get(), &next, sizeof(next), slot_offset))
    return os::ErrorStatus(errno, "state memory");
  current_ = next;
  FreeAllBut(next);
  return absl::OkStatus();
}

// A hole reads as zeros, to the byte.
void StateFile::FreeAllBut(const Slot& slot) {
  const auto free_range = [this](uint64_t from, uint64_t to) {
    if (from < to)
      (void)::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from),
                        static_cast<off_t>(to - from));
  };
  free_range(kDataStart, slot.offset);
  free_range(slot.offset + slot.size, kDataStart + 3 * kMaxRecord);
}

}  // namespace aisix::admin
