#include "supervisor/run/granted_files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "lib/os/error.h"
#include "lib/os/memory_file.h"

namespace aisix::supervisor {
namespace {

constexpr std::string_view kResourcesFile = "resources_file";
constexpr std::string_view kTlsBlock = ".tls.";
constexpr size_t kLargestKept = size_t{4} << 20;

os::UniqueFd OpenPath(const std::string& path) {
  // Not blocking: a named pipe must not stop the supervisor.
  return os::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

// The texts of spec 01 §5.1, §5.7 and §6.
std::string MissingText(const config::FileGrant& grant, const std::vector<config::FileGrant>& all,
                        const std::string& error) {
  const std::string_view name = grant.name;
  if (name.starts_with("upstream.tls.")) return fmt::format("{}: read {}: {}", name, grant.path, error);
  for (const std::string_view listener : {"proxy", "admin"}) {
    const std::string block = fmt::format("{}.tls", listener);
    if (name != block + ".cert_file" && name != block + ".key_file") continue;
    const auto path_of = [&](std::string_view key) {
      const auto found = std::find_if(all.begin(), all.end(), [&](const config::FileGrant& other) {
        return other.name == fmt::format("{}.{}", block, key);
      });
      return found == all.end() ? std::string() : found->path;
    };
    return fmt::format("{} serve error: {}: failed to load cert_file=\"{}\" / key_file=\"{}\": {}", listener,
                       block, path_of("cert_file"), path_of("key_file"), error);
  }
  return fmt::format("{} = \"{}\": {}", name, grant.path, error);
}

}  // namespace

GrantedFiles::GrantedFiles(std::vector<config::FileGrant> grants) {
  for (config::FileGrant& grant : grants) {
    const std::optional<Zone> zone = ZoneOfName(grant.zone);
    if (!zone) continue;  // a zone that this process does not run
    Entry entry;
    entry.grant = std::move(grant);
    entry.zone = *zone;
    entry.message.type = control::MessageType::kFile;
    entry.message.name = entry.grant.name;
    entry.kept = *zone == Zone::kProxy && entry.grant.name.find(kTlsBlock) != std::string::npos;
    entry.good.type = entry.message.type;
    entry.good.name = entry.message.name;
    entries_.push_back(std::move(entry));
  }
}

absl::Status GrantedFiles::OpenAll() {
  for (Entry& entry : entries_) {
    const int error = Open(entry);
    // The resources file has a report of its own, which the admin zone writes.
    if (error == 0 || !entry.grant.required || entry.grant.name == kResourcesFile) continue;
    std::vector<config::FileGrant> all;
    for (const Entry& other : entries_) all.push_back(other.grant);
    return absl::Status(absl::ErrnoToStatusCode(error), MissingText(entry.grant, all, os::ErrorText(error)));
  }
  return absl::OkStatus();
}

void GrantedFiles::ReopenAll() {
  for (Entry& entry : entries_) Open(entry);
}

std::vector<const control::Message*> GrantedFiles::For(Zone zone) const {
  std::vector<const control::Message*> messages;
  for (const Entry& entry : entries_) {
    if (entry.zone == zone) messages.push_back(&entry.message);
  }
  return messages;
}

std::vector<const control::Message*> GrantedFiles::Unreadable(Zone zone) const {
  std::vector<const control::Message*> messages;
  for (const Entry& entry : entries_) {
    if (entry.zone != zone || entry.message.fd.valid() || entry.message.text.empty()) continue;
    if (entry.grant.required || entry.grant.name == kResourcesFile) messages.push_back(&entry.message);
  }
  return messages;
}

std::vector<GrantedFiles::Changed> GrantedFiles::OpenChanged() {
  std::vector<Changed> changed;
  for (Entry& entry : entries_) {
    if (entry.grant.name == kResourcesFile) continue;
    os::UniqueFd fd = OpenPath(entry.grant.path);
    if (!fd.valid()) continue;
    const Identity identity = IdentityOf(fd.get());
    if (entry.message.fd.valid() && identity == entry.identity) continue;
    entry.message.fd = std::move(fd);
    entry.message.text.clear();
    entry.identity = identity;
    Keep(entry);
    changed.push_back({entry.zone, &entry.message});
  }
  return changed;
}

std::vector<std::string> GrantedFiles::WatchedDirectories() const {
  std::set<std::string> directories;
  for (const Entry& entry : entries_) {
    if (entry.grant.name == kResourcesFile) continue;
    directories.insert(DirectoryOf(entry.grant.path));
    // Where a link leads: /etc/resolv.conf is one into /run on many systems.
    std::unique_ptr<char, decltype(&::free)> target(::realpath(entry.grant.path.c_str(), nullptr), &::free);
    if (target != nullptr) directories.insert(DirectoryOf(target.get()));
  }
  return {directories.begin(), directories.end()};
}

int GrantedFiles::Open(Entry& entry) {
  os::UniqueFd fd = OpenPath(entry.grant.path);
  const int error = fd.valid() ? 0 : errno;
  entry.message.text = error == 0 ? std::string() : os::ErrorText(error);
  entry.identity = error == 0 ? IdentityOf(fd.get()) : Identity();
  entry.message.fd = std::move(fd);
  Keep(entry);
  return error;
}

void GrantedFiles::Keep(Entry& entry) {
  entry.confirmed = false;
  entry.copy.reset();
  if (!entry.kept || !entry.message.fd.valid()) return;
  // What cannot be copied (a pipe) is not kept.
  absl::StatusOr<os::UniqueFd> copy = os::CopyToSealedFile("kept", entry.message.fd.get(), kLargestKept);
  if (copy.ok()) entry.copy = *std::move(copy);
}

std::vector<const control::Message*> GrantedFiles::ForStart(Zone zone) const {
  std::vector<const control::Message*> messages;
  for (const Entry& entry : entries_) {
    if (entry.zone == zone) messages.push_back(entry.good.fd.valid() ? &entry.good : &entry.message);
  }
  return messages;
}

void GrantedFiles::Confirm(Zone zone) {
  for (Entry& entry : entries_) {
    if (entry.zone != zone || entry.confirmed) continue;
    entry.confirmed = true;
    entry.good.fd = std::move(entry.copy);  // of a file that is not there: none
  }
}

bool GrantedFiles::IsUnconfirmed(Zone zone) const {
  return std::any_of(entries_.begin(), entries_.end(), [zone](const Entry& entry) {
    return entry.zone == zone && entry.good.fd.valid() && !entry.confirmed;
  });
}

GrantedFiles::Identity GrantedFiles::IdentityOf(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return {};
  return {status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size), status.st_mtim.tv_sec,
          status.st_mtim.tv_nsec};
}

}  // namespace aisix::supervisor
