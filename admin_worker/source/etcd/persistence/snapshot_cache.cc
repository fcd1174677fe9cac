#include "admin_worker/source/etcd/persistence/snapshot_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "lib/crypto/base64.h"
#include "lib/crypto/secret.h"
#include "lib/json/text.h"
#include "lib/os/error.h"
#include "lib/os/memory_file.h"

namespace aisix::admin::etcd {
namespace {

constexpr int kVersion = 1;
constexpr size_t kPiece = 256 * 1024;
constexpr size_t kMaxFile = size_t{2} << 30;

// Gathers small texts into larger writes.
class Pieces {
 public:
  explicit Pieces(const std::function<absl::Status(std::string_view)>& write) : write_(write) {}
  ~Pieces() { crypto::Wipe(text_); }
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  std::string& text() { return text_; }
  void Flush(size_t above) {
    if (text_.size() <= above || !status_.ok()) return;
    status_ = write_(text_);
    text_.clear();
  }
  const absl::Status& status() const { return status_; }

 private:
  const std::function<absl::Status(std::string_view)>& write_;
  std::string text_;
  absl::Status status_;
};

std::optional<std::string> Decode(const nlohmann::json& entry) {
  return crypto::Base64Decode(entry.at("value_b64").get_ref<const std::string&>());
}

}  // namespace

absl::Status EncodeSnapshot(int64_t revision, const ObservedTable& table,
                            const std::function<absl::Status(std::string_view)>& write) {
  Pieces pieces(write);
  std::string& text = pieces.text();
  text = fmt::format("{{\"version\":{},\"revision\":{},\"entries\":[", kVersion, revision);
  bool first = true;
  const auto add = [&](std::string_view key, const Observed& observed) {
    if (!first) text += ',';
    first = false;
    text += "{\"key\":";
    json::AppendString(text, key);
    std::string value = crypto::Base64Encode(observed.bytes());
    fmt::format_to(std::back_inserter(text), R"(,"value_b64":"{}","revision":{})", value,
                   observed.revision());
    crypto::Wipe(value);
  };
  table.ForEach([&](const std::string& key, const ObservedPtr& observed) {
    add(key, *observed);
    text += '}';
    pieces.Flush(kPiece);
  });
  text += "],\"stale\":[";
  first = true;
  table.ForEach([&](const std::string& key, const ObservedPtr& observed) {
    if (observed->pin() == nullptr) return;
    add(key, *observed->pin()->good);
    fmt::format_to(std::back_inserter(text), ",\"since_unix_secs\":{}}}", observed->pin()->since);
    pieces.Flush(kPiece);
  });
  text += "]}";
  pieces.Flush(0);
  return pieces.status();
}

absl::StatusOr<SavedSnapshot> DecodeSnapshot(std::string_view text) {
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return absl::InvalidArgumentError("it is not JSON");
  try {
    if (document.at("version") != kVersion)
      return absl::InvalidArgumentError(fmt::format("its version is not {}", kVersion));
    SavedSnapshot snapshot;
    snapshot.revision = document.at("revision").get<int64_t>();
    for (const nlohmann::json& entry : document.at("entries")) {
      std::optional<std::string> value = Decode(entry);
      if (!value) return absl::InvalidArgumentError("a value is not base64");
      snapshot.entries.push_back(
          {entry.at("key").get<std::string>(), *std::move(value), entry.at("revision").get<int64_t>()});
    }
    if (const auto stale = document.find("stale"); stale != document.end()) {
      for (const nlohmann::json& entry : *stale) {
        std::optional<std::string> value = Decode(entry);
        if (!value) return absl::InvalidArgumentError("a value is not base64");
        snapshot.pins.push_back({entry.at("key").get<std::string>(), *std::move(value),
                                 entry.at("revision").get<int64_t>(),
                                 entry.at("since_unix_secs").get<int64_t>()});
      }
    }
    const auto by_key = [](const KeyValue& a, const KeyValue& b) { return a.key < b.key; };
    if (!std::is_sorted(snapshot.entries.begin(), snapshot.entries.end(), by_key))
      std::sort(snapshot.entries.begin(), snapshot.entries.end(), by_key);
    return snapshot;
  } catch (const nlohmann::json::exception&) {
    return absl::InvalidArgumentError("a member is missing or of another type");
  }
}

absl::StatusOr<CacheFile> CacheFile::Open(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (error || !absolute.has_filename())
    return absl::InvalidArgumentError(fmt::format("\"{}\" is no path of a file", path));
  CacheFile file;
  file.path_ = path;
  file.directory_ = absolute.parent_path().string();
  file.name_ = absolute.filename().string();
  file.temporary_ = fs::path(absolute.filename()).replace_extension("tmp").string();
  if (file.temporary_ == file.name_) file.temporary_ += ".new";
  // Only what is made here is closed to others: an operator's directory keeps its mode.
  if (!fs::exists(absolute.parent_path(), error)) {
    fs::create_directories(absolute.parent_path().parent_path(), error);
    if (::mkdir(file.directory_.c_str(), 0700) != 0 && errno != EEXIST)
      return os::ErrorStatus(errno, file.directory_);
  }
  file.directory_fd_.reset(::open(file.directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.directory_fd_.valid()) return os::ErrorStatus(errno, file.directory_);
  return file;
}

absl::StatusOr<SavedSnapshot> CacheFile::Read() const {
  const os::UniqueFd fd(::openat(directory_fd_.get(), name_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return os::ErrorStatus(errno, path_);
  absl::StatusOr<std::string> text = os::ReadAll(fd.get(), kMaxFile);
  if (!text.ok()) return absl::UnavailableError(text.status().message());
  absl::StatusOr<SavedSnapshot> snapshot = DecodeSnapshot(*text);
  crypto::Wipe(*text);
  return snapshot;
}

absl::Status CacheFile::Write(int64_t revision, const ObservedTable& table) const {
  const int directory = directory_fd_.get();
  // A leftover may belong to somebody else, or have another mode.
  (void)::unlinkat(directory, temporary_.c_str(), 0);
  const os::UniqueFd fd(
      ::openat(directory, temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return os::ErrorStatus(errno, temporary_);
  absl::Status status = EncodeSnapshot(revision, table, [&](std::string_view piece) {
    while (!piece.empty()) {
      const ssize_t count = ::write(fd.get(), piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return os::ErrorStatus(errno, temporary_);
      piece.remove_prefix(static_cast<size_t>(count));
    }
    return absl::OkStatus();
  });
  if (status.ok() && ::fsync(fd.get()) != 0) status = os::ErrorStatus(errno, temporary_);
  if (status.ok() && ::renameat(directory, temporary_.c_str(), directory, name_.c_str()) != 0)
    status = os::ErrorStatus(errno, path_);
  if (!status.ok()) (void)::unlinkat(directory, temporary_.c_str(), 0);
  return status;
}

}  // namespace aisix::admin::etcd
