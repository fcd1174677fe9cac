#include "supervisor/bootstrap/bootstrap.h"

#include <fcntl.h>

#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/config/loader/available_cpus.h"
#include "lib/config/loader/load.h"
#include "lib/config/loader/warnings.h"
#include "lib/config/loader/zone_parts.h"
#include "lib/config/zone_config.h"
#include "lib/control/environment.h"
#include "lib/control/message.h"
#include "lib/log/logger.h"
#include "lib/os/memory_file.h"
#include "lib/os/unique_fd.h"

namespace aisix::bootstrap {
namespace {

absl::Status SendSealed(int socket, control::MessageType type, const std::string& zone,
                        const std::string& content) {
  absl::StatusOr<os::UniqueFd> file = os::CreateSealedFile(zone.c_str(), content);
  if (!file.ok()) return file.status();
  control::Message message;
  message.type = type;
  message.name = zone;
  message.fd = *std::move(file);
  return control::Send(socket, message);
}

void Warn(const config::Loaded& loaded, const config::Environment& environment) {
  auto rust_log = environment.find("RUST_LOG");
  absl::StatusOr<log::Filter> filter = log::Filter::Choose(
      loaded.settings.observability.log_level, rust_log == environment.end() ? nullptr : &rust_log->second);
  if (!filter.ok()) return;  // Load has accepted it
  log::Logger logger("bootstrap", *std::move(filter));
  for (const std::string& warning : config::StartWarnings(loaded, environment)) {
    logger.Write(log::Level::kWarn, "aisix::config", warning);
  }
}

absl::Status SendParts(int socket, const config::ZoneParts& parts) {
  const std::pair<const char*, std::string> texts[] = {
      {"supervisor", config::Encode(parts.supervisor)}, {"proxy", config::Encode(parts.proxy)},
      {"admin", config::Encode(parts.admin)},           {"metrics", config::Encode(parts.metrics)},
      {"egress", config::Encode(parts.egress)},
  };
  for (const auto& [zone, text] : texts) {
    absl::Status status = SendSealed(socket, control::MessageType::kBoot, zone, text);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Empty when there is none or it cannot be read: the admin zone reports that, in its own words.
std::string ReadResources(const config::Settings& settings) {
  if (!settings.resources_file) return {};
  os::UniqueFd file(::open(settings.resources_file->c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return {};
  absl::StatusOr<std::string> text = os::ReadAll(file.get());
  return text.ok() ? *std::move(text) : std::string();
}

}  // namespace

absl::Status Run(const Options& options, const config::Environment& environment) {
  absl::StatusOr<config::Loaded> loaded = config::Load(options.config_path, environment);
  if (!loaded.ok()) return loaded.status();
  if (!options.environment_only) {
    Warn(*loaded, environment);
    config::HostFacts host;
    host.version = options.version;
    host.cpus = config::AvailableCpus();
    absl::Status status =
        SendParts(options.control_socket, config::CutIntoParts(loaded->settings, environment, host));
    if (!status.ok()) return status;
  }
  std::map<std::string, config::Environment> zones =
      config::ZoneEnvironments(loaded->settings, environment, ReadResources(loaded->settings));
  for (const auto& [zone, variables] : zones) {
    absl::Status status = SendSealed(options.control_socket, control::MessageType::kEnvironment, zone,
                                     control::EncodeEnvironment(variables));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ParseArguments(const std::vector<std::string>& arguments, Options& options) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--environment-only") {
      options.environment_only = true;
    } else if (arguments[i] == "--config" && i + 1 < arguments.size()) {
      options.config_path = arguments[++i];
    } else {
      return absl::InvalidArgumentError("unexpected argument " + arguments[i]);
    }
  }
  if (options.config_path.empty()) return absl::InvalidArgumentError("--config is missing");
  return absl::OkStatus();
}

}  // namespace aisix::bootstrap
