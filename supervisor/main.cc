// `aisix`: the supervisor. It reads nothing but the command line, holds the listening sockets and the sealed
// parts of the configuration, and starts, watches and ends the processes that do the work (DESIGN §1).
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/config/zone_config.h"
#include "lib/control/inherit.h"
#include "lib/log/logger.h"
#include "lib/os/process_stats.h"
#include "supervisor/command_line.h"
#include "supervisor/listen/capabilities.h"
#include "supervisor/listen/listeners.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/directory_watch.h"
#include "supervisor/run/drain.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/run/own_figures.h"
#include "supervisor/run/reload.h"
#include "supervisor/run/replacement.h"
#include "supervisor/run/signals.h"
#include "supervisor/service/notify_socket.h"
#include "supervisor/service/service_environment.h"
#include "supervisor/service/service_manager.h"
#include "supervisor/start/boot.h"
#include "supervisor/start/programs.h"
#include "supervisor/upgrade/handover.h"
#include "supervisor/upgrade/program_check.h"
#include "supervisor/upgrade/upgrade.h"
#include "supervisor/upgrade/upgrade_request.h"

namespace aisix::supervisor {
namespace {

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

int Fail(const absl::Status& status) {
  // No text: another process has said it.
  if (!status.message().empty()) fmt::print(stderr, "Error: {}\n", Text(status));
  return 1;
}

// `validate` and `export`: with the environment and the terminal of this process.
int ExecuteAdminWorker(const std::vector<std::string>& arguments) {
  absl::StatusOr<Programs> programs = Programs::Locate();
  if (!programs.ok()) return Fail(programs.status());
  absl::StatusOr<std::string> program = programs->Find(ZoneProgram(Zone::kAdmin));
  if (!program.ok()) return Fail(program.status());
  std::vector<char*> pointers{program->data()};
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  ::execv(program->c_str(), pointers.data());
  return Fail(absl::InternalError(fmt::format("cannot execute {}", *program)));
}

// No core files, nobody looks in, no capability but the one for low ports; as many descriptors as there may
// be, for the workers that inherit the limit: every connection is one.
absl::Status PrepareProcess() {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  return KeepOnlyBindCapability();
}

void ReportStart(log::Logger& logger, const config::SupervisorPart& part, const Listeners& listeners) {
  using log::Level;
  logger.Write(Level::kInfo, "aisix_obs::logging", "tracing initialised",
               {{"service", "aisix"}, {"level", std::string_view(part.common.log_level)}});
  bool admin = false;
  for (const Listeners::Bound& bound : listeners.bound()) {
    admin = admin || bound.name == "admin";
    logger.Write(Level::kInfo, "aisix", "listening",
                 {{"listener", log::Display{bound.name}},
                  {"addr", log::Display{bound.address}},
                  {"tls", bound.tls},
                  {"passed", bound.passed}});
  }
  if (!admin) logger.Write(Level::kInfo, "aisix", "the admin listener is not bound");
}

// What this process was started with besides its command line.
struct Origin {
  BindPrivilege privilege;
  ServiceEnvironment service;
  std::optional<NotifySocket> notify;  // nullopt: nobody wants to be told, or
  absl::Status notify_status;          // not in a way that is known here
  std::optional<Handover> handover;    // of an earlier image of this process
};

absl::StatusOr<Origin> ReadOrigin() {
  Origin origin;
  if (const char* file = std::getenv(kHandoverVariable)) {
    const os::UniqueFd owned(std::atoi(file));
    absl::StatusOr<Handover> handover = TakeHandover(owned.get(), ::getpid());
    if (!handover.ok()) return handover.status();
    ::clearenv();
    origin.service.notify_socket = handover->notify_socket;
    origin.service.watchdog = std::chrono::microseconds(handover->watchdog_us);
    origin.handover = *std::move(handover);
  } else {
    origin.privilege = ReadBindPrivilege();
    absl::StatusOr<ServiceEnvironment> service = ReadServiceEnvironment(std::getenv, ::getpid());
    if (!service.ok()) return service.status();
    origin.service = *std::move(service);
  }
  if (origin.service.notify_socket.empty()) return origin;
  absl::StatusOr<NotifySocket> notify = NotifySocket::Open(origin.service.notify_socket);
  origin.notify_status = notify.status();
  if (notify.ok()) origin.notify = *std::move(notify);
  return origin;
}

absl::Status RunGateway(const std::string& config_path, std::vector<std::string> arguments, Origin& origin) {
  absl::StatusOr<Signals> signals = Signals::Create();
  if (!signals.ok()) return signals.status();
  absl::StatusOr<Boot> boot =
      origin.handover
          ? BootFromHandover(*origin.handover)
          : BootFromConfiguration(config_path, std::move(origin.service.sockets), origin.privilege);
  if (!boot.ok()) return boot.status();
  const config::SupervisorPart& part = boot->part;
  log::Logger logger("supervisor", boot->filter);
  if (!origin.notify_status.ok()) {
    logger.Write(log::Level::kWarn, "aisix", "the service manager cannot be told",
                 {{"error", Text(origin.notify_status)}});
  }
  absl::StatusOr<DirectoryWatch> watch = DirectoryWatch::Create();
  if (!watch.ok()) return watch.status();
  absl::StatusOr<std::unique_ptr<os::ProcessStats>> stats = os::ProcessStats::Open();
  if (!stats.ok()) return stats.status();
  ReportStart(logger, part, boot->listeners);

  EventLoop loop;
  std::optional<std::string> failure;
  std::optional<Drain> drain;
  std::optional<ServiceManager> service;
  std::optional<OwnFigures> figures;
  std::optional<ZoneReplacement> replacement;
  std::optional<Upgrade> upgrade;
  std::optional<Reload> reload;
  bool served = boot->running.has_value();
  ProcessTable table(
      loop, logger, {boot->programs, boot->parts, boot->listeners, boot->files, part.proxy_workers},
      {.all_ready = [&] { logger.Write(log::Level::kInfo, "aisix", "all workers are ready"); },
       .fatal =
           [&](std::string reason) {
             if (!failure) failure = std::move(reason);
             loop.Stop();
           },
       .ended =
           [&](Zone zone) {
             drain->OnEnded(zone);
             service->OnZoneChanged();
           },
       .in_flight =
           [&](uint64_t requests) {
             drain->OnInFlight(requests);
             if (!drain->active()) return;
             service->SetStatus(fmt::format("Draining; requests in flight: {}", requests));
           },
       .ready =
           [&](Zone zone) {
             service->OnZoneChanged();
             if (zone == Zone::kMetrics) figures->Tell();
             reload->OnReady(zone);
             if (zone == Zone::kProxy && !std::exchange(served, true)) service->OnServing();
           },
       .replace_me = [&](Zone zone) { replacement->One(zone); },
       .reloaded = [&](Zone zone, uint64_t number,
                       const std::string& refused) { reload->OnAnswer(zone, number, refused); },
       .other_ended = [&](pid_t pid, const Exit& exit) { upgrade->OnChildEnded(pid, exit); }});
  drain.emplace(loop, logger, table, std::chrono::seconds(part.min_drain_secs), [&] { loop.Stop(); });
  service.emplace(loop, logger,
                  ServiceManager::Options{origin.notify ? &*origin.notify : nullptr, origin.service.watchdog},
                  [&](Zone zone) { return table.IsReady(zone); });
  figures.emplace(loop, table, *std::move(stats));
  replacement.emplace(loop, logger, table);
  reload.emplace(loop, logger, table, boot->parts, boot->files,
                 BootstrapSource{boot->bootstrap, boot->environment.get(), boot->config_path},
                 *std::move(watch), part.reload_on_sighup);
  upgrade.emplace(loop, logger, table, *boot,
                  Upgrade::Options{boot->programs.own_program(), std::move(arguments),
                                   origin.service.notify_socket, origin.service.watchdog});
  UpgradeRequest upgrade_request(loop, logger, table, *replacement, *drain, *reload, *service, *upgrade);

  loop.Watch(signals->fd(), [&] {
    for (const int number : signals->Take()) {
      if (number == SIGCHLD) {
        table.Reap();
      } else if (number == SIGHUP) {
        if (drain->active()) continue;
        service->BeginReload();
        reload->OnHangup([&] { service->EndReload(); });
      } else if (number == SIGUSR2) {
        upgrade_request.OnSignal();
      } else if (table.serving()) {
        if (!drain->active()) service->OnStopping("Draining");
        replacement->Stop();
        drain->Begin();
      } else {
        // Nobody is served yet: there is nothing to drain (spec 01 §11).
        service->OnStopping("Stopping");
        table.KillAll();
        DieOfSignal(number);
      }
    }
  });

  if (boot->running) {
    logger.Write(log::Level::kInfo, "aisix", "the supervisor runs its program anew and goes on");
    table.Resume(*boot->running);
    table.Reap();
    service->OnServing();
    replacement->All([&](bool complete) {
      logger.Write(complete ? log::Level::kInfo : log::Level::kError, "aisix",
                   complete ? "upgrade complete" : "upgrade incomplete");
    });
  } else if (absl::Status status = table.Start(); !status.ok()) {
    return status;
  }
  if (!failure) loop.Run();
  table.KillAll();
  if (failure) return absl::InternalError(*failure);
  return absl::OkStatus();
}

int Run(const std::string& config_path, std::vector<std::string> arguments) {
  absl::StatusOr<Origin> origin = ReadOrigin();
  if (!origin.ok()) return Fail(origin.status());
  absl::Status status = PrepareProcess();
  if (status.ok()) status = RunGateway(config_path, std::move(arguments), *origin);
  if (status.ok()) return 0;
  if (origin->notify) {
    std::string_view text = Text(status);
    if (text.empty()) text = "the configuration is refused; the log says why";
    // Where an operator looks first; nobody listening is no second failure.
    (void)origin->notify->Send(fmt::format("STATUS=Failed: {}", text.substr(0, text.find('\n'))));
  }
  return Fail(status);
}

}  // namespace
}  // namespace aisix::supervisor

int main(int count, char** arguments) {
  using aisix::supervisor::CommandLine;
  if (count == 2 && std::string_view(arguments[1]) == aisix::supervisor::kCheckArgument) {
    return aisix::supervisor::CheckHandover(aisix::control::kControlSocket);
  }
  const CommandLine line =
      aisix::supervisor::ParseCommandLine({arguments + 1, arguments + count}, std::getenv);
  switch (line.action) {
    case CommandLine::Action::kRun:
      return aisix::supervisor::Run(line.config_path, {arguments, arguments + count});
    case CommandLine::Action::kAdminWorker:
      return aisix::supervisor::ExecuteAdminWorker(line.arguments);
    case CommandLine::Action::kExit:
      break;
  }
  fmt::print("{}", line.output);
  fmt::print(stderr, "{}", line.error);
  return line.exit_code;
}
