// aisix-admin-worker: accepts the configuration from its source and gives each zone the part that it uses;
// serves the admin listener. `validate` and `export` run without a supervisor.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "admin_worker/api/admin_handler.h"
#include "admin_worker/api/health_query.h"
#include "admin_worker/push/publisher.h"
#include "admin_worker/resources/state_file.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/file/file_source.h"
#include "admin_worker/source/file/validate.h"
#include "admin_worker/status/config_status.h"
#include "admin_worker/status/model_status.h"
#include "lib/async/loop.h"
#include "lib/config/zone_config.h"
#include "lib/control/control_link.h"
#include "lib/control/inherit.h"
#include "lib/http/server.h"
#include "lib/ipc/control_watcher.h"
#include "lib/ipc/rpc_server.h"
#include "lib/ipc/zone_service.h"
#include "lib/log/logger.h"
#include "lib/os/memory_file.h"
#include "lib/os/process_stats.h"
#include "lib/sandbox/lock.h"
#include "lib/tls/context.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kTarget = "aisix_admin::worker";
constexpr std::string_view kResourcesFile = "resources_file";
constexpr std::string_view kCertificateFile = "admin.tls.cert_file";
constexpr std::string_view kPrivateKeyFile = "admin.tls.key_file";
constexpr std::chrono::milliseconds kRpcShutdown(500);
constexpr uint64_t kIdleTimeoutMs = 75'000;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

int Fatal(const control::ControlLink& control, std::string_view text) {
  (void)control.SendFatal(text);
  return 1;
}

// A granted file; the error is the text of the operating system alone.
absl::StatusOr<std::string> ReadGranted(const control::Inherited& inherited, std::string_view name) {
  const auto file = inherited.files.find(name);
  if (file == inherited.files.end()) return absl::NotFoundError("not granted by the supervisor");
  if (!file->second.fd.valid()) return absl::UnavailableError(file->second.error);
  return os::ReadAll(file->second.fd.get());
}

absl::StatusOr<std::shared_ptr<const net::ServerSecurity>> ReadSecurity(const control::Inherited& inherited) {
  absl::StatusOr<std::string> chain = ReadGranted(inherited, kCertificateFile);
  if (!chain.ok()) return chain.status();
  absl::StatusOr<std::string> key = ReadGranted(inherited, kPrivateKeyFile);
  if (!key.ok()) return key.status();
  tls::ServerOptions options;
  options.certificate_chain = *std::move(chain);
  options.private_key = *std::move(key);
  return tls::MakeServerSecurity(options);
}

// What the metrics zone may ask.
std::optional<std::string> AnswerStatus(std::string_view subject, const ConfigStatus& status,
                                        const ConfigurationPtr& configuration,
                                        const ipc::RpcChannel& health) {
  if (subject == "config") return status.ToJson(absl::Now());
  if (subject == "ready") return status.applied() ? "true" : "false";
  if (subject == "models") {
    if (configuration == nullptr) return "[]";
    return RenderModelStatus(configuration->documents, AskHealth(health));
  }
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
  const auto rust_log = inherited->environment.find("RUST_LOG");
  absl::StatusOr<log::Filter> filter = log::Filter::Choose(
      part->common.log_level, rust_log == inherited->environment.end() ? nullptr : &rust_log->second);
  if (!filter.ok()) return Fatal(control, Text(filter.status()));
  log::Logger logger("admin", *std::move(filter));
  const bool from_file = !part->resources_file.empty();

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
  sandbox::LockOptions lock_options;
  lock_options.enforce = part->common.isolation_enforce;
  lock_options.earlier = {descriptors};
  absl::StatusOr<sandbox::Report> isolation = sandbox::Lock(sandbox::kAdminProfile, lock_options);
  if (!isolation.ok()) return Fatal(control, Text(isolation.status()));
  logger.StartWriter();

  // The source, before anything that shows or sends what it accepted.
  const SchemaCatalog schemas;
  ConfigStatus status(from_file ? SourceType::kFile : SourceType::kEtcd);
  StateFile state(std::move(inherited->state));
  file::FileSource source(part->resources_file, schemas, status, state, logger);
  if (from_file && !source.Restore()) {
    const absl::Status started =
        source.Start(ReadGranted(*inherited, kResourcesFile), inherited->environment);
    if (!started.ok()) return Fatal(control, Text(started));
  }
  if (!from_file)
    logger.Write(log::Level::kWarn, kTarget,
                 "the etcd source is not available in this build: the gateway runs without a configuration");

  metrics::Registry registry;
  registry.AddCollector(
      [&status](std::vector<metrics::Family>& families) { status.AppendMetrics(families); });
  ipc::RpcChannel config_proxy("config.proxy", inherited->TakeLink("config.proxy"));
  ipc::RpcChannel config_egress("config.egress", inherited->TakeLink("config.egress"));
  ipc::RpcChannel health_proxy("health.proxy", inherited->TakeLink("health.proxy"));
  Publisher publisher(
      config_proxy, config_egress, part->static_destinations,
      [&](const ConfigurationPtr& configuration) {
        if (configuration->loaded) source.OnApplied(configuration);
      },
      logger);
  source.SetPublish([&](ConfigurationPtr configuration) { publisher.Publish(std::move(configuration)); });
  if (!from_file) {
    auto nothing = std::make_shared<Configuration>();
    nothing->loaded = false;
    publisher.Publish(std::move(nothing));
  }

  ipc::ZoneService zone_service("admin", registry, stats->get(), [&](std::string_view subject) {
    return AnswerStatus(subject, status, source.current(), health_proxy);
  });
  ipc::RpcServer zone_server({zone_service.service()});
  zone_server.Attach(inherited->TakeLink("zone.admin"));

  HealthQuery health(loop, health_proxy);
  AdminHandler::Sources sources;
  sources.configuration = [&] { return source.current(); };
  sources.configured = [&] { return source.current() != nullptr; };
  AdminHandler handler(part->admin_keys, std::move(sources), health);
  http::ServerOptions server_options;
  server_options.idle_timeout_ms = kIdleTimeoutMs;
  bool orderly = false;
  {
    http::Server server(loop, handler, server_options);
    if (security != nullptr) server.SetSecurity(security);
    for (os::UniqueFd& socket : inherited->TakeListeners("admin")) {
      if (const absl::Status listening = server.Listen(std::move(socket), security != nullptr);
          !listening.ok())
        return Fatal(control, Text(listening));
    }
    const auto reload = [&](bool resources) {
      if (security != nullptr) {
        auto made = ReadSecurity(*inherited);
        if (made.ok()) {
          server.SetSecurity(*std::move(made));
        } else {
          logger.Write(log::Level::kWarn, kTarget,
                       "admin certificate refused, the previous one stays in service",
                       {{"error", Text(made.status())}});
        }
      }
      if (from_file && resources)
        source.Reload(ReadGranted(*inherited, kResourcesFile), inherited->environment);
    };
    const auto on_message = [&](control::Message& message) {
      switch (message.type) {
        case control::MessageType::kLink:
          if (message.name == "config.proxy") config_proxy.Replace(std::move(message.fd));
          if (message.name == "config.egress") config_egress.Replace(std::move(message.fd));
          if (message.name == "health.proxy") health_proxy.Replace(std::move(message.fd));
          if (message.name == "zone.admin") zone_server.Attach(std::move(message.fd));
          publisher.OnLinkReplaced();
          break;
        case control::MessageType::kFile: {
          control::File& file = inherited->files[message.name];
          file.fd = std::move(message.fd);
          file.error = message.text;
          break;
        }
        case control::MessageType::kEnvironment:
          if (absl::StatusOr<std::string> text = os::ReadAll(message.fd.get()); text.ok()) {
            absl::StatusOr<control::Environment> environment = control::DecodeEnvironment(*text);
            if (environment.ok()) inherited->environment = *std::move(environment);
          }
          break;
        case control::MessageType::kReload:
          // A certificate that changed is no request to read the resources file, half-edited as it may be.
          reload(message.text != "files");
          break;
        case control::MessageType::kDrain:
          handler.SetDraining();
          server.SetClosing();
          break;
        case control::MessageType::kQueryInFlight:
          (void)control.SendInFlight(server.in_flight());
          break;
        case control::MessageType::kStop:
          orderly = true;
          loop.Stop();
          break;
        default:
          break;
      }
    };
    ipc::ControlWatcher watcher(loop, control, on_message, [&] { loop.Stop(); });
    logger.Write(log::Level::kInfo, kTarget, "admin worker serving");
    if (!control.SendReady().ok()) return 1;
    loop.Run();
  }
  if (!orderly) ::_exit(1);  // nobody is left who could want anything to be finished
  zone_server.Shutdown(kRpcShutdown);
  publisher.Stop();
  return 0;
}

}  // namespace
}  // namespace aisix::admin

int main(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "";
  if (mode == "validate" && count == 3)
    return aisix::admin::file::Validate(arguments[2], aisix::admin::file::ProcessEnvironment());
  if (mode == "export") {
    std::fputs(
        "Error: export is not available in this build: it reads from etcd, and the etcd source is not built "
        "yet\n",
        stderr);
    return 1;
  }
  if (count > 1) {
    std::fputs("usage: aisix-admin-worker validate <file>\n", stderr);
    return 2;
  }
  return aisix::admin::Main();
}
