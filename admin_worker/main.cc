// aisix-admin-worker: accepts the configuration from its source and gives each zone the part that it uses;
// serves the admin listener. `validate` and `export` run without a supervisor.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "admin_worker/api/admin_handler.h"
#include "admin_worker/api/health_query.h"
#include "admin_worker/push/publisher.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/choice.h"
#include "admin_worker/source/etcd/export/export.h"
#include "admin_worker/source/file/validate.h"
#include "admin_worker/status/model_status.h"
#include "lib/async/loop.h"
#include "lib/config/zone_config.h"
#include "lib/control/commands.h"
#include "lib/control/control_link.h"
#include "lib/control/inherit.h"
#include "lib/http/server.h"
#include "lib/ipc/control_watcher.h"
#include "lib/ipc/departure.h"
#include "lib/ipc/rpc_server.h"
#include "lib/ipc/totals.h"
#include "lib/ipc/zone_service.h"
#include "lib/log/logger.h"
#include "lib/os/process_stats.h"
#include "lib/sandbox/lock.h"
#include "lib/sandbox/render.h"
#include "lib/tls/context.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kTarget = "aisix_admin::worker";
constexpr std::string_view kZone = "admin";
constexpr std::string_view kCertificateFile = "admin.tls.cert_file";
constexpr std::string_view kPrivateKeyFile = "admin.tls.key_file";
constexpr std::chrono::milliseconds kRpcShutdown(500);
constexpr uint64_t kIdleTimeoutMs = 75'000;
constexpr uint64_t kDepartureMs = 10'000;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

int Fatal(const control::ControlLink& control, std::string_view text) {
  (void)control.SendFatal(text);
  return 1;
}

absl::StatusOr<log::Filter> ReadFilter(const config::AdminPart& part,
                                       const control::Environment& environment) {
  const auto rust_log = environment.find("RUST_LOG");
  return log::Filter::Choose(part.common.log_level,
                             rust_log == environment.end() ? nullptr : &rust_log->second);
}

absl::StatusOr<std::shared_ptr<const net::ServerSecurity>> ReadSecurity(const control::Inherited& inherited) {
  absl::StatusOr<std::string> chain = inherited.ReadFile(kCertificateFile);
  if (!chain.ok()) return chain.status();
  absl::StatusOr<std::string> key = inherited.ReadFile(kPrivateKeyFile);
  if (!key.ok()) return key.status();
  tls::ServerOptions options;
  options.certificate_chain = *std::move(chain);
  options.private_key = *std::move(key);
  return tls::MakeServerSecurity(options);
}

// What the metrics zone may ask.
std::optional<std::string> AnswerStatus(std::string_view subject, const Source& source,
                                        const ipc::RpcChannel& health, const sandbox::Report& isolation) {
  if (subject == "config") return source.StatusJson(absl::Now());
  if (subject == "ready") return source.applied() ? "true" : "false";
  if (subject == "models") {
    const ConfigurationPtr configuration = source.current();
    if (configuration == nullptr) return "[]";
    return RenderModelStatus(configuration->documents, AskHealth(health));
  }
  if (subject == "isolation") return sandbox::RenderJson(isolation);
  if (subject == "zone") return R"({"zone":"admin"})";
  return std::nullopt;
}

int Main() {
  const sandbox::Measure descriptors = sandbox::CloseStrayDescriptors(control::kControlSocket + 1);
  ::signal(SIGPIPE, SIG_IGN);
  control::ControlLink control;
  absl::StatusOr<control::Inherited> inherited = control::Inherit();
  if (!inherited.ok()) return Fatal(control, Text(inherited.status()));
  absl::StatusOr<config::AdminPart> part = config::DecodeAdminPart(inherited->boot);
  if (!part.ok()) return Fatal(control, Text(part.status()));
  absl::StatusOr<log::Filter> filter = ReadFilter(*part, inherited->environment);
  if (!filter.ok()) return Fatal(control, Text(filter.status()));
  log::Logger logger(std::string(kZone), *std::move(filter));

  // While files may still be opened.
  ::tzset();
  (void)absl::LocalTimeZone();
  absl::StatusOr<std::unique_ptr<os::ProcessStats>> stats = os::ProcessStats::Open();
  if (!stats.ok()) return Fatal(control, Text(stats.status()));
  async::Loop loop;
  std::shared_ptr<const net::ServerSecurity> security;
  if (part->listener && part->listener->tls) {
    auto made = ReadSecurity(*inherited);
    if (!made.ok()) return Fatal(control, std::string("admin.tls: ").append(Text(made.status())));
    security = *std::move(made);
  }
  absl::StatusOr<std::unique_ptr<SourceChoice>> choice = SourceChoice::Prepare(*part, *inherited, logger);
  if (!choice.ok()) return Fatal(control, Text(choice.status()));

  // Nothing can be opened any more but what the source needs.
  sandbox::LockOptions lock_options;
  lock_options.enforce = part->common.isolation_enforce;
  lock_options.earlier = {descriptors};
  lock_options.connect_ports = (*choice)->connect_ports();
  lock_options.state_directory = (*choice)->state_directory();
  absl::StatusOr<sandbox::Report> isolation = sandbox::Lock(sandbox::kAdminProfile, lock_options);
  if (!isolation.ok()) return Fatal(control, Text(isolation.status()));
  logger.StartWriter();
  sandbox::Log(*isolation, logger);
  const SchemaCatalog schemas;
  if (!control::AwaitActivation(*inherited).ok()) return 1;

  // The source, and the publisher that gives the zones what it accepted.
  absl::StatusOr<std::unique_ptr<Source>> made_source = (*choice)->Make(schemas);
  if (!made_source.ok()) return Fatal(control, Text(made_source.status()));
  Source& source = **made_source;
  ipc::RpcChannel config_proxy("config.proxy", inherited->TakeLink("config.proxy"));
  ipc::RpcChannel config_egress("config.egress", inherited->TakeLink("config.egress"));
  ipc::RpcChannel health_proxy("health.proxy", inherited->TakeLink("health.proxy"));
  Publisher publisher(
      config_proxy, config_egress, part->static_destinations,
      [&](const ConfigurationPtr& configuration, const std::vector<PushRefusal>& refusals) {
        if (configuration->loaded) source.OnApplied(configuration, refusals);
      },
      logger, PushLimits(),
      [&](const control::PortSet& ports) {
        if (inherited->port_news == control::kPortsWanted) (void)control.SendDestinationPorts(ports);
      });

  // What others may ask about this zone.
  metrics::Registry registry;
  registry.AddCollector([&](std::vector<metrics::Family>& families) {
    source.AppendMetrics(families);
    publisher.AppendMetrics(families);
    sandbox::AppendFamilies(*isolation, families);
  });
  ipc::ZoneService zone_service(std::string(kZone), registry, stats->get(), [&](std::string_view subject) {
    return AnswerStatus(subject, source, health_proxy, *isolation);
  });
  ipc::RpcServer zone_server({zone_service.service()});
  zone_server.Attach(inherited->TakeLink("zone.admin"));

  // The admin listener.
  HealthQuery health(loop, health_proxy);
  AdminHandler::Sources sources;
  sources.configuration = [&] { return source.current(); };
  sources.configured = [&] { return source.current() != nullptr; };
  sources.age = [&] { return source.Age(absl::Now()); };
  AdminHandler handler(part->admin_keys, std::move(sources), health);
  http::ServerOptions server_options;
  server_options.idle_timeout_ms = kIdleTimeoutMs;
  bool orderly = false;
  bool failed = false;
  {
    http::Server server(loop, handler, server_options);
    if (security != nullptr) server.SetSecurity(security);
    for (os::UniqueFd& socket : inherited->TakeListeners("admin")) {
      if (const absl::Status listening = server.Listen(std::move(socket), security != nullptr);
          !listening.ok())
        return Fatal(control, Text(listening));
    }

    // What the supervisor may say.
    control::Commands commands;
    commands.link = [&](control::Message& message) {
      if (message.name == "config.proxy") config_proxy.Replace(std::move(message.fd));
      if (message.name == "config.egress") config_egress.Replace(std::move(message.fd));
      if (message.name == "health.proxy") health_proxy.Replace(std::move(message.fd));
      if (message.name == "zone.admin") zone_server.Attach(std::move(message.fd));
      publisher.OnLinkReplaced();
    };
    commands.reload = [&](bool whole) {
      std::string refused;
      if (security != nullptr) {
        auto made = ReadSecurity(*inherited);
        if (made.ok()) {
          security = *std::move(made);  // the old key goes with the old one
          server.SetSecurity(security);
        } else {
          logger.Write(log::Level::kWarn, kTarget,
                       "admin certificate refused, the previous one stays in service",
                       {{"error", Text(made.status())}});
          refused = std::string("admin.tls: ").append(Text(made.status()));
        }
      }
      const std::string refused_by_source = source.Reload(whole);
      return refused.empty() ? refused_by_source : refused;
    };
    commands.drain = [&] {
      handler.SetDraining();
      server.SetClosing();
    };
    commands.in_flight = [&] { return server.in_flight(); };
    ipc::Departure departure(loop, [&] { return server.connections() == 0; });
    commands.release = [&](bool) {
      orderly = true;
      server.StopListening();
      source.Stop();
      publisher.Stop();
      (void)ipc::LeaveTotals(inherited->totals.get(), kZone, registry, **stats);
      (void)control.SendReleased();
      departure.Begin(kDepartureMs);
    };
    commands.stop = [&] {
      orderly = true;
      loop.Stop();
    };
    ipc::ControlWatcher watcher(loop, control, *inherited, commands, [&] { loop.Stop(); });

    source.Start([&](ConfigurationPtr configuration) { publisher.Publish(std::move(configuration)); },
                 [&](const absl::Status& started) {
                   loop.Post([&, started] {
                     if (started.ok()) {
                       logger.Write(log::Level::kInfo, kTarget, "admin worker serving");
                       (void)control.SendReady();
                       return;
                     }
                     failed = true;
                     (void)Fatal(control, Text(started));
                     loop.Stop();
                   });
                 });
    loop.Run();
  }
  if (!orderly && !failed) ::_exit(1);  // nobody is left who could want anything to be finished
  source.Stop();
  publisher.Stop();
  zone_server.Shutdown(kRpcShutdown);
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace aisix::admin

int main(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "";
  if (mode == "validate" && count == 3)
    return aisix::admin::file::Validate(arguments[2], aisix::admin::file::ProcessEnvironment());
  if (mode == "export")
    return aisix::admin::etcd::Export(std::vector<std::string>(arguments + 2, arguments + count));
  if (count > 1) {
    std::fputs("usage: aisix-admin-worker validate <file> | export --etcd <url> …\n", stderr);
    return 2;
  }
  return aisix::admin::Main();
}
