#include "supervisor/run/reload.h"

#include <chrono>
#include <set>
#include <utility>

namespace aisix::supervisor {
namespace {

using control::Message;
using control::MessageType;
using log::Level;

constexpr std::string_view kTarget = "aisix";
// Certificate and key are replaced one after the other: give them to the zone together.
constexpr std::chrono::milliseconds kSettle{250};
constexpr std::chrono::milliseconds kReplacementRetry{50};

}  // namespace

Reload::Reload(EventLoop& loop, log::Logger& logger, ProcessTable& table, StartParts& parts,
               GrantedFiles& files, BootstrapSource bootstrap, DirectoryWatch watch, bool whole)
    : loop_(loop),
      logger_(logger),
      table_(table),
      parts_(parts),
      files_(files),
      environments_(loop, std::move(bootstrap), BootstrapScope::kEnvironments),
      watch_(std::move(watch)),
      whole_(whole) {
  watch_.Add(files_.WatchedDirectories());
  loop_.Watch(watch_.fd(), [this] { OnDirectoryEvent(); });
}

void Reload::OnHangup(std::function<void()> ended) {
  logger_.Write(Level::kInfo, kTarget, "reload requested",
                {{"scope", log::Display{whole_ ? "files and resources" : "files"}}});
  const bool under_way = active();
  (under_way ? next_ended_ : ended_).push_back(ended ? std::move(ended) : [] {});
  if (!under_way) Begin();
}

void Reload::Begin() {
  // Nobody is told when there are two workers of a zone, of which one may just have stopped to listen.
  if (table_.replacing()) {
    loop_.After(kReplacementRetry, [this] { Begin(); });
    return;
  }
  watch_.Add(files_.WatchedDirectories());
  if (!whole_) {
    Give();
    return;
  }
  environments_.Begin([this](absl::StatusOr<StartParts> fresh) {
    TakeEnvironments(std::move(fresh));
    Give();
  });
}

void Reload::Give() {
  if (table_.replacing()) return Begin();
  files_.ReopenAll();
  for (const Zone zone : {Zone::kEgress, Zone::kAdmin, Zone::kProxy}) {
    for (const Message* file : files_.Unreadable(zone)) {
      logger_.Write(Level::kWarn, kTarget, "file cannot be opened",
                    {{"file", log::Display{file->name}}, {"error", std::string_view(file->text)}});
    }
    GiveFiles(zone);
    SendReload(zone, whole_);
  }
  ++given_;
  for (const auto& ended : std::exchange(ended_, std::exchange(next_ended_, {}))) ended();
  if (active()) Begin();
}

void Reload::TakeEnvironments(absl::StatusOr<StartParts> fresh) {
  if (!fresh.ok()) {
    // An empty text: the child has said on stderr what is wrong. The zones report it as well.
    logger_.Write(
        Level::kWarn, kTarget, "variables could not be read again, the old ones stay",
        {{"error", std::string_view(fresh.status().message().data(), fresh.status().message().size())}});
    return;
  }
  for (auto& [zone, fd] : fresh->environment) parts_.environment.insert_or_assign(zone, std::move(fd));
}

void Reload::SendReload(Zone zone, bool whole) {
  if (whole && zone == Zone::kAdmin) {
    const auto found = parts_.environment.find(ZoneName(zone));
    if (found != parts_.environment.end()) {
      Message environment;
      environment.type = MessageType::kEnvironment;
      environment.fd = std::move(found->second);
      table_.Send(zone, environment);
      found->second = std::move(environment.fd);
    }
  }
  Message reload;
  reload.type = MessageType::kReload;
  reload.text = whole ? "signal" : "files";
  reload.number = unanswered_[zone] = ++last_number_;
  table_.Send(zone, reload);
}

void Reload::GiveFiles(Zone zone) {
  for (const Message* file : files_.For(zone)) table_.Send(zone, *file);
}

void Reload::OnAnswer(Zone zone, uint64_t number, const std::string& refused) {
  const auto latest = unanswered_.find(zone);
  if (latest == unanswered_.end() || latest->second != number) return;
  unanswered_.erase(latest);
  if (refused.empty()) files_.Confirm(zone);
}

void Reload::OnReady(Zone zone) {
  if (files_.IsUnconfirmed(zone)) {
    GiveFiles(zone);
    SendReload(zone, false);
  } else if (!unanswered_.contains(zone)) {
    files_.Confirm(zone);
  }
}

void Reload::OnDirectoryEvent() {
  if (!watch_.Take() || change_pending_) return;
  change_pending_ = true;
  loop_.After(kSettle, [this] { GiveChangedFiles(); });
}

void Reload::GiveChangedFiles() {
  if (table_.replacing()) {
    loop_.After(kReplacementRetry, [this] { GiveChangedFiles(); });
    return;
  }
  change_pending_ = false;
  watch_.Add(files_.WatchedDirectories());  // a link may lead somewhere else now
  std::set<Zone> zones;
  for (const GrantedFiles::Changed& changed : files_.OpenChanged()) {
    logger_.Write(
        Level::kInfo, kTarget, "file has changed",
        {{"file", log::Display{changed.message->name}}, {"worker", log::Display{ZoneName(changed.zone)}}});
    table_.Send(changed.zone, *changed.message);
    zones.insert(changed.zone);
  }
  for (const Zone zone : zones) SendReload(zone, false);
}

}  // namespace aisix::supervisor
