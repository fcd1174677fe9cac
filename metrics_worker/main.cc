// aisix-metrics-worker: /metrics and /status/*. It holds nothing secret, asks the other zones and links no
// TLS.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <memory>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lib/async/loop.h"
#include "lib/config/zone_config.h"
#include "lib/control/commands.h"
#include "lib/control/control_link.h"
#include "lib/control/figures.h"
#include "lib/control/inherit.h"
#include "lib/http/server.h"
#include "lib/ipc/control_watcher.h"
#include "lib/ipc/departure.h"
#include "lib/ipc/totals.h"
#include "lib/log/logger.h"
#include "lib/os/process_stats.h"
#include "lib/sandbox/lock.h"
#include "lib/sandbox/render.h"
#include "metrics_worker/background.h"
#include "metrics_worker/metrics_handler.h"
#include "metrics_worker/zone_monitor.h"

namespace aisix::metrics_zone {
namespace {

constexpr std::string_view kTarget = "aisix_metrics::worker";
constexpr std::string_view kZone = "metrics";
constexpr std::string_view kZoneLinkPrefix = "zone.";
// A collection asks three zones at once, beside it the three subjects of the admin zone.
constexpr int kThreads = 6;
constexpr uint64_t kIdleTimeoutMs = 75'000;
// A released worker waits so long for its last scrapes.
constexpr uint64_t kDepartureMs = 5'000;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

int Fatal(const control::ControlLink& control, std::string_view text) {
  (void)control.SendFatal(text);
  return 1;
}

void TakeLink(ZoneMonitor& monitor, std::string_view name, uint64_t generation, os::UniqueFd fd) {
  if (!name.starts_with(kZoneLinkPrefix)) return;
  monitor.SetLink(name.substr(kZoneLinkPrefix.size()), generation, std::move(fd));
}

// What the supervisor says about other workers.
void TakeNews(ZoneMonitor& monitor, control::Message& message, log::Logger& logger) {
  if (message.type == control::MessageType::kZone) {
    monitor.SetState(message.name, message.text, message.number);
  } else if (message.type == control::MessageType::kExits) {
    monitor.SetExits(message.name, message.text, message.number);
  } else if (message.type == control::MessageType::kFigures) {
    if (absl::StatusOr<os::ProcessSample> sample = control::DecodeFigures(message.text); sample.ok()) {
      monitor.SetSupervisor(*sample);
    }
  } else if (message.type == control::MessageType::kMeasure) {
    if (message.number > static_cast<uint64_t>(sandbox::State::kFull)) return;
    monitor.SetSupervisorMeasure({message.name, static_cast<sandbox::State>(message.number), message.text});
  } else if (!message.fd.valid()) {
    monitor.OnEnded(message.name, message.number, std::nullopt);
  } else {
    absl::StatusOr<ipc::Totals> totals = ipc::ReadTotals(message.fd.get());
    if (!totals.ok()) {
      logger.Write(log::Level::kWarn, kTarget, "the totals of a former worker cannot be read",
                   {{"worker", std::string_view(message.name)}, {"error", Text(totals.status())}});
      monitor.OnEnded(message.name, message.number, std::nullopt);
      return;
    }
    monitor.OnEnded(message.name, message.number, std::move(totals->families));
    if (message.name != kZone) return;  // nobody else has to say anything about others
    for (ipc::LastAnswer& answer : totals->answers) monitor.Inherit(std::move(answer));
  }
}

void HandOver(const ZoneMonitor& monitor, int file, log::Logger& logger) {
  if (file < 0) return;
  if (const absl::Status written = ipc::WriteTotals(file, monitor.Totals()); !written.ok()) {
    logger.Write(log::Level::kWarn, kTarget, "totals cannot be handed over", {{"error", Text(written)}});
  }
}

int Main() {
  const sandbox::Measure descriptors = sandbox::CloseStrayDescriptors(control::kControlSocket + 1);
  ::signal(SIGPIPE, SIG_IGN);
  control::ControlLink control;
  absl::StatusOr<control::Inherited> inherited = control::Inherit();
  if (!inherited.ok()) return Fatal(control, Text(inherited.status()));
  absl::StatusOr<config::MetricsPart> part = config::DecodeMetricsPart(inherited->boot);
  if (!part.ok()) return Fatal(control, Text(part.status()));
  auto rust_log = inherited->environment.find("RUST_LOG");
  absl::StatusOr<log::Filter> filter = log::Filter::Choose(
      part->common.log_level, rust_log == inherited->environment.end() ? nullptr : &rust_log->second);
  if (!filter.ok()) return Fatal(control, Text(filter.status()));
  log::Logger logger("metrics", *std::move(filter));

  // While files may still be opened.
  ::tzset();
  (void)absl::LocalTimeZone();
  absl::StatusOr<std::unique_ptr<os::ProcessStats>> stats = os::ProcessStats::Open();
  if (!stats.ok()) return Fatal(control, Text(stats.status()));
  async::Loop loop;
  sandbox::LockOptions lock_options;
  lock_options.enforce = part->common.isolation_enforce;
  lock_options.earlier = {descriptors};
  absl::StatusOr<sandbox::Report> isolation = sandbox::Lock(sandbox::kMetricsProfile, lock_options);
  if (!isolation.ok()) return Fatal(control, Text(isolation.status()));
  logger.StartWriter();
  sandbox::Log(*isolation, logger);

  if (!control::AwaitActivation(*inherited).ok()) return 1;

  MonitorOptions options;
  options.version = part->common.version;
  options.isolation = *isolation;
  // Declared before the threads that use its channels, so destroyed after them.
  std::unique_ptr<ZoneMonitor> monitor;
  Background background(loop, kThreads);
  monitor = std::make_unique<ZoneMonitor>(loop, background, stats->get(), std::move(options));
  for (control::Link& link : inherited->links) {
    TakeLink(*monitor, link.name, link.index, std::move(link.fd));
  }
  for (control::Message& message : inherited->news) TakeNews(*monitor, message, logger);

  MetricsHandler handler(*monitor, NormalisePath(part->path));
  http::ServerOptions server_options;
  server_options.idle_timeout_ms = kIdleTimeoutMs;
  bool orderly = false;
  {
    http::Server server(loop, handler, server_options);
    for (os::UniqueFd& socket : inherited->TakeListeners("metrics")) {
      if (absl::Status listening = server.Listen(std::move(socket), /*secure=*/false); !listening.ok()) {
        return Fatal(control, Text(listening));
      }
    }
    ipc::Departure departure(loop, [&] { return server.connections() == 0; });
    control::Commands commands;
    commands.link = [&](control::Message& message) {
      TakeLink(*monitor, message.name, message.number, std::move(message.fd));
    };
    commands.news = [&](control::Message& message) { TakeNews(*monitor, message, logger); };
    commands.drain = [&] { server.SetClosing(); };
    commands.in_flight = [&] { return server.in_flight(); };
    commands.release = [&](bool) {
      orderly = true;
      server.StopListening();
      HandOver(*monitor, inherited->totals.get(), logger);
      (void)control.SendReleased();
      departure.Begin(kDepartureMs);
    };
    commands.stop = [&] {
      orderly = true;
      loop.Stop();
    };
    ipc::ControlWatcher watcher(loop, control, *inherited, commands, [&] { loop.Stop(); });
    logger.Write(log::Level::kInfo, kTarget, "metrics worker serving");
    if (!control.SendReady().ok()) return 1;
    loop.Run();
  }
  if (!orderly) ::_exit(1);  // nobody is left who could want anything to be finished
  return 0;
}

}  // namespace
}  // namespace aisix::metrics_zone

int main() {
  return aisix::metrics_zone::Main();
}
