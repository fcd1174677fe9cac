#include "lib/config/loader/load.h"

#include <utility>

#include "lib/config/loader/boot_checks.h"
#include "lib/config/loader/file_format.h"
#include "lib/config/loader/outbound_proxies.h"
#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"
#include "lib/config/loader/validate.h"

namespace aisix::config {
namespace {

constexpr std::string_view kFailure = "config load failed: failed to load configuration: ";

absl::Status Failure(std::string_view stage, const absl::Status& status) {
  return absl::InvalidArgumentError(Concat(kFailure, stage, status.message()));
}

void CollectKeys(const Value& table, const std::string& path, std::vector<std::string>& keys) {
  for (const Member& member : table.members) {
    std::string key = path.empty() ? member.key : Concat(path, ".", member.key);
    if (member.value.is_table()) {
      CollectKeys(member.value, key, keys);
    } else if (!member.value.is_null()) {
      keys.push_back(std::move(key));
    }
  }
}

}  // namespace

absl::StatusOr<Loaded> Load(const std::string& path, const Environment& environment) {
  absl::StatusOr<Value> root = ReadStartUpFile(path);
  if (!root.ok()) return Failure("build: ", root.status());
  absl::Status status = ApplyEnvironment(environment, *root);
  if (!status.ok()) return Failure("build: ", status);
  absl::StatusOr<Settings> settings = ReadSettings(*root);
  if (!settings.ok()) return Failure("deserialize: ", settings.status());
  auto stale = environment.find("AISIX_DP_BUDGET_STALE_MAX_SECONDS");
  if (stale != environment.end()) {
    settings->budget_stale_max_seconds =
        ParseUnsigned(stale->second).value_or(settings->budget_stale_max_seconds);
  }
  if (status = Validate(*settings); !status.ok()) return Failure("", status);
  absl::StatusOr<OutboundProxies> proxies = ReadOutboundProxies(environment);
  if (!proxies.ok()) return proxies.status();
  settings->outbound_proxies = *std::move(proxies);
  if (status = CheckBoot(*settings, environment); !status.ok()) return status;
  Loaded loaded;
  loaded.settings = *std::move(settings);
  CollectKeys(*root, "", loaded.given_keys);
  return loaded;
}

}  // namespace aisix::config
