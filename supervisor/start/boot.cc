#include "supervisor/start/boot.h"

#include <utility>

#include "lib/control/environment.h"
#include "lib/control/message.h"
#include "lib/os/memory_file.h"
#include "supervisor/process/zone.h"
#include "supervisor/start/environment.h"

namespace aisix::supervisor {
namespace {

absl::StatusOr<log::Filter> ChooseFilter(const StartParts& parts, const std::string& log_level) {
  const auto found = parts.environment.find("supervisor");
  if (found == parts.environment.end()) return absl::InternalError("no environment for the supervisor");
  absl::StatusOr<std::string> text = os::ReadAll(found->second.get());
  if (!text.ok()) return text.status();
  absl::StatusOr<control::Environment> environment = control::DecodeEnvironment(*text);
  if (!environment.ok()) return environment.status();
  const auto rust_log = environment->find("RUST_LOG");
  return log::Filter::Choose(log_level, rust_log == environment->end() ? nullptr : &rust_log->second);
}

struct Installation {
  Programs programs;
  std::string bootstrap;
};

// A broken installation is seen now, not when the missing worker is needed.
absl::StatusOr<Installation> FindInstallation() {
  absl::StatusOr<Programs> programs = Programs::Locate();
  if (!programs.ok()) return programs.status();
  absl::StatusOr<std::string> bootstrap = programs->Find("aisix-bootstrap");
  if (!bootstrap.ok()) return bootstrap.status();
  for (const Zone zone : kZones) {
    if (absl::Status status = programs->Find(ZoneProgram(zone)).status(); !status.ok()) return status;
  }
  return Installation{*std::move(programs), *std::move(bootstrap)};
}

}  // namespace

absl::StatusOr<std::string> ReadOwnPart(const StartParts& parts) {
  const auto found = parts.boot.find("supervisor");
  if (found == parts.boot.end()) return absl::InternalError("no part for the supervisor");
  return os::ReadAll(found->second.get());
}

absl::StatusOr<Boot> BootFromConfiguration(const std::string& config_path, std::vector<PassedSocket> passed,
                                           const BindPrivilege& privilege) {
  absl::StatusOr<Installation> installed = FindInstallation();
  if (!installed.ok()) return installed.status();
  absl::StatusOr<os::UniqueFd> environment = TakeEnvironment();
  if (!environment.ok()) return environment.status();
  absl::StatusOr<StartParts> parts = ReadStartParts(installed->bootstrap, environment->get(), config_path);
  if (!parts.ok()) return parts.status();
  absl::StatusOr<std::string> text = ReadOwnPart(*parts);
  if (!text.ok()) return text.status();
  absl::StatusOr<config::SupervisorPart> part = config::DecodeSupervisorPart(*text);
  if (!part.ok()) return part.status();
  absl::StatusOr<log::Filter> filter = ChooseFilter(*parts, part->common.log_level);
  if (!filter.ok()) return filter.status();

  GrantedFiles files(part->files);
  absl::StatusOr<Listeners> listeners =
      Listeners::Bind(part->listeners, {.proxy_sockets = part->thread_per_core ? part->proxy_workers : 1,
                                        .passed = std::move(passed),
                                        .privilege = privilege});
  if (!listeners.ok()) return listeners.status();
  if (absl::Status status = DropCapabilities(); !status.ok()) return status;
  if (absl::Status status = files.OpenAll(); !status.ok()) return status;
  return Boot{std::move(installed->programs),
              std::move(installed->bootstrap),
              config_path,
              *std::move(environment),
              *std::move(parts),
              *std::move(part),
              *std::move(text),
              *std::move(filter),
              std::move(files),
              *std::move(listeners),
              std::nullopt};
}

absl::StatusOr<Boot> BootFromHandover(const Handover& handover) {
  if (absl::Status status = DropCapabilities(); !status.ok()) return status;
  os::UniqueFd environment(handover.environment);
  StartParts parts;
  for (const auto& [zone, fd] : handover.boot) parts.boot.emplace(zone, fd);
  for (const auto& [zone, fd] : handover.environments) parts.environment.emplace(zone, fd);
  std::vector<control::Message> sockets;
  for (const Handover::Listener& listener : handover.listeners) {
    control::Message& message = sockets.emplace_back();
    message.type = control::MessageType::kListener;
    message.name = listener.name;
    message.number = listener.index;
    message.fd = os::UniqueFd(listener.fd);
  }
  absl::StatusOr<Installation> installed = FindInstallation();
  if (!installed.ok()) return installed.status();
  absl::StatusOr<config::SupervisorPart> part = config::DecodeSupervisorPart(handover.own_part);
  if (!part.ok()) return part.status();
  absl::StatusOr<log::Filter> filter = ChooseFilter(parts, part->common.log_level);
  if (!filter.ok()) return filter.status();
  absl::StatusOr<Listeners> listeners = Listeners::Adopt(part->listeners, std::move(sockets));
  if (!listeners.ok()) return listeners.status();
  GrantedFiles files(part->files);
  files.ReopenAll();
  return Boot{std::move(installed->programs),
              std::move(installed->bootstrap),
              handover.config_path,
              std::move(environment),
              std::move(parts),
              *std::move(part),
              handover.own_part,
              *std::move(filter),
              std::move(files),
              *std::move(listeners),
              handover.table};
}

}  // namespace aisix::supervisor
