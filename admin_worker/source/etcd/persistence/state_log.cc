#include "admin_worker/source/etcd/persistence/state_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "lib/crypto/secret.h"
#include "lib/crypto/sha256.h"
#include "lib/os/error.h"

namespace aisix::admin::etcd {
namespace {

constexpr uint64_t kVersion = 0x6574636400000001;  // "etcd", 1
// Workers take turns in so many sets of slots and places.
constexpr uint64_t kTurns = 4;
// Two places for the image of each, so far apart that none grows into the other: the file is sparse.
constexpr uint64_t kPlaceSize = uint64_t{1} << 40;
constexpr uint64_t kMaxLength = uint64_t{4} << 30;
constexpr uint64_t kMinRewrite = uint64_t{1} << 20;
constexpr size_t kPiece = 256 * 1024;

enum class Type : uint8_t { kEntry = 1, kPin, kGone, kRevision, kStatus };

void AppendNumber(std::string& out, uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

void Append(std::string& batch, Type type, std::string_view key, std::string_view value, int64_t revision,
            int64_t since) {
  batch.push_back(static_cast<char>(type));
  AppendNumber(batch, key.size());
  AppendNumber(batch, value.size());
  AppendNumber(batch, static_cast<uint64_t>(revision));
  AppendNumber(batch, static_cast<uint64_t>(since));
  batch.append(key).append(value);
}

struct Record {
  Type type;
  std::string_view key, value;
  int64_t revision, since;
};

// Takes one record off the front.
std::optional<Record> Take(std::string_view& text) {
  constexpr size_t kHead = 1 + 4 * sizeof(uint64_t);
  if (text.size() < kHead) return std::nullopt;
  uint64_t numbers[4];
  std::memcpy(numbers, text.data() + 1, sizeof numbers);
  const auto type = static_cast<Type>(text[0]);
  text.remove_prefix(kHead);
  if (numbers[0] > text.size() || numbers[1] > text.size() - numbers[0]) return std::nullopt;
  const Record record{type, text.substr(0, numbers[0]), text.substr(numbers[0], numbers[1]),
                      static_cast<int64_t>(numbers[2]), static_cast<int64_t>(numbers[3])};
  text.remove_prefix(numbers[0] + numbers[1]);
  return record;
}

absl::Status WriteAt(int fd, std::string_view text, uint64_t offset) {
  while (!text.empty()) {
    const ssize_t count = ::pwrite(fd, text.data(), text.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::ErrorStatus(errno, "state memory");
    text.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

bool ReadAt(int fd, char* out, size_t size, uint64_t offset) {
  while (size > 0) {
    const ssize_t count = ::pread(fd, out, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    out += count;
    size -= static_cast<size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
  return true;
}

uint64_t Place(uint64_t generation, uint64_t which) {
  return (1 + 2 * (generation % kTurns) + which) * kPlaceSize;
}

struct Replayed {
  KeyValue entry;
  std::optional<SavedPin> pin;
};

}  // namespace

void AppendRecord(std::string& batch, std::string_view key, const Observed* observed) {
  if (observed == nullptr) return Append(batch, Type::kGone, key, {}, 0, 0);
  Append(batch, Type::kEntry, key, observed->bytes(), observed->revision(), 0);
  if (const Observed::Pin* pin = observed->pin())
    Append(batch, Type::kPin, key, pin->good->bytes(), pin->good->revision(), pin->since);
}

void AppendRevision(std::string& batch, int64_t revision) {
  Append(batch, Type::kRevision, {}, {}, revision, 0);
}

void AppendStatus(std::string& batch, std::string_view status) {
  Append(batch, Type::kStatus, {}, status, 0, 0);
}

StateLog::StateLog(os::UniqueFd fd) : fd_(std::move(fd)) {}

std::optional<StateLog::Slot> StateLog::ReadSlot(int index) const {
  Slot slot;
  if (!ReadAt(fd_.get(), reinterpret_cast<char*>(&slot), sizeof slot,
              static_cast<uint64_t>(index) * sizeof slot))
    return std::nullopt;
  const crypto::Sha256 digest =
      crypto::Sha256::Of({reinterpret_cast<const char*>(&slot), offsetof(Slot, digest)});
  if (slot.version != kVersion || slot.length > kMaxLength ||
      std::memcmp(digest.bytes.data(), slot.digest, sizeof slot.digest) != 0)
    return std::nullopt;
  return slot;
}

// `next` holds what is in effect once its slot is written. The other slot keeps the version before.
absl::Status StateLog::Commit(Slot next) {
  next.version = kVersion;
  next.sequence = current_.sequence + 1;
  const crypto::Sha256 digest =
      crypto::Sha256::Of({reinterpret_cast<const char*>(&next), offsetof(Slot, digest)});
  std::memcpy(next.digest, digest.bytes.data(), sizeof next.digest);
  const absl::Status status = WriteAt(fd_.get(), {reinterpret_cast<const char*>(&next), sizeof next},
                                      (2 * (next.generation % kTurns) + next.sequence % 2) * sizeof next);
  if (status.ok()) current_ = next;
  return status;
}

std::optional<SavedSnapshot> StateLog::Read() {
  if (!fd_.valid()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  std::optional<Slot> newest;
  for (int index = 0; index < static_cast<int>(2 * kTurns); ++index) {
    const std::optional<Slot> slot = ReadSlot(index);
    if (slot && (!newest || std::pair(slot->generation, slot->sequence) >
                                std::pair(newest->generation, newest->sequence)))
      newest = slot;
  }
  if (!newest) return std::nullopt;
  current_.generation = newest->generation + 1;
  std::string text(newest->length, '\0');
  if (!ReadAt(fd_.get(), text.data(), text.size(), newest->begin)) return std::nullopt;
  std::map<std::string_view, Replayed> replayed;
  SavedSnapshot snapshot;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::optional<Record> record = Take(rest);
    if (!record) return std::nullopt;
    switch (record->type) {
      case Type::kEntry:
        replayed[record->key] = {{std::string(record->key), std::string(record->value), record->revision},
                                 std::nullopt};
        break;
      case Type::kPin:
        replayed[record->key].pin =
            SavedPin{std::string(record->key), std::string(record->value), record->revision, record->since};
        break;
      case Type::kGone:
        replayed.erase(record->key);
        break;
      case Type::kRevision:
        snapshot.revision = record->revision;
        break;
      case Type::kStatus:
        snapshot.status = record->value;
        break;
      default:
        return std::nullopt;
    }
  }
  for (auto& [key, saved] : replayed) {
    snapshot.entries.push_back(std::move(saved.entry));
    if (saved.pin) snapshot.pins.push_back(*std::move(saved.pin));
  }
  crypto::Wipe(text);
  return snapshot;
}

absl::Status StateLog::Append(std::string_view batch) {
  if (!fd_.valid()) return absl::OkStatus();
  const std::lock_guard lock(mutex_);
  Slot next = current_;
  if (next.begin == 0) {
    next.begin = Place(next.generation, 0);
    image_size_ = batch.size();
  }
  if (absl::Status status = WriteAt(fd_.get(), batch, next.begin + next.length); !status.ok()) return status;
  next.length += batch.size();
  if (rewriting_) meanwhile_.append(batch);
  return Commit(next);
}

bool StateLog::wants_rewrite() const {
  const std::lock_guard lock(mutex_);
  return fd_.valid() && !rewriting_ && current_.length > 2 * image_size_ + kMinRewrite;
}

absl::Status StateLog::Rewrite(const std::function<Image()>& make_image) {
  if (!fd_.valid()) return absl::OkStatus();
  uint64_t begin = 0;
  {
    const std::lock_guard lock(mutex_);
    const uint64_t first = Place(current_.generation, 0);
    begin = current_.begin == first ? Place(current_.generation, 1) : first;
    rewriting_ = true;
    meanwhile_.clear();
  }
  const Image image = make_image();
  uint64_t length = 0;
  absl::Status status;
  std::string piece;
  const auto flush = [&](size_t above) {
    if (piece.size() <= above || !status.ok()) return;
    status = WriteAt(fd_.get(), piece, begin + length);
    length += piece.size();
    piece.clear();
  };
  image.table.ForEach([&](const std::string& key, const ObservedPtr& observed) {
    AppendRecord(piece, key, observed.get());
    flush(kPiece);
  });
  AppendRevision(piece, image.revision);
  AppendStatus(piece, image.status);
  flush(0);
  crypto::Wipe(piece);
  {
    const std::lock_guard lock(mutex_);
    rewriting_ = false;
    std::string meanwhile = std::exchange(meanwhile_, std::string());
    if (status.ok()) status = WriteAt(fd_.get(), meanwhile, begin + length);
    Slot next = current_;
    next.begin = begin;
    next.length = length + meanwhile.size();
    crypto::Wipe(meanwhile);
    if (status.ok()) status = Commit(next);
    if (!status.ok()) return status;
    image_size_ = next.length;
  }
  // The memory of all other places. Where this is not allowed, it is used again when their turn comes.
  const uint64_t end = (1 + 2 * kTurns) * kPlaceSize;
  const auto free_range = [this](uint64_t from, uint64_t to) {
    if (from < to)
      (void)::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from),
                        static_cast<off_t>(to - from));
  };
  free_range(kPlaceSize, begin);
  free_range(begin + kPlaceSize, end);
  return absl::OkStatus();
}

}  // namespace aisix::admin::etcd
