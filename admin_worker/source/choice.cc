#include "admin_worker/source/choice.h"

#include <fmt/format.h>

#include <utility>

#include "admin_worker/source/etcd/etcd_source.h"
#include "admin_worker/source/file/granted_file_source.h"
#include "admin_worker/status/status_view.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kTarget = "aisix_admin::etcd";
constexpr uint16_t kDnsPort = 53;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// Has nothing and gets nothing.
class NoSource final : public Source {
 public:
  void Start(Publish publish, OnStarted on_started) override {
    auto nothing = std::make_shared<Configuration>();
    nothing->loaded = false;
    publish(std::move(nothing));
    on_started(absl::OkStatus());
  }
  std::string Reload(bool) override { return {}; }
  void OnApplied(const ConfigurationPtr&, const std::vector<PushRefusal>&) override {}
  void Stop() override {}
  ConfigurationPtr current() const override { return nullptr; }
  bool applied() const override { return false; }
  std::string StatusJson(absl::Time now) const override {
    StatusView view;
    view.source = SourceType::kEtcd;
    return RenderStatus(std::move(view), absl::ToUnixSeconds(now));
  }
  void AppendMetrics(std::vector<metrics::Family>&) const override {}
};

}  // namespace

absl::StatusOr<std::unique_ptr<SourceChoice>> SourceChoice::Prepare(const config::AdminPart& part,
                                                                    control::Inherited& inherited,
                                                                    log::Logger& logger) {
  std::unique_ptr<SourceChoice> choice(new SourceChoice(part, inherited, logger));
  if (!part.resources_file.empty() || part.managed.enabled) return choice;
  if (absl::Status status = choice->PrepareEtcd(); !status.ok()) return status;
  return choice;
}

dns::Settings SourceChoice::ReadResolverFiles() const {
  // Without them names other than localhost cannot be resolved; addresses can be dialled all the same.
  const absl::StatusOr<std::string> resolv_conf = inherited_.ReadFile("resolv_conf");
  const absl::StatusOr<std::string> hosts = inherited_.ReadFile("hosts");
  return dns::ParseSettings(resolv_conf.ok() ? *resolv_conf : std::string(),
                            hosts.ok() ? *hosts : std::string(), machine_);
}

absl::Status SourceChoice::PrepareEtcd() {
  absl::StatusOr<std::vector<etcd::Endpoint>> endpoints =
      etcd::ParseEndpoints(part_.etcd.endpoints, part_.etcd.tls);
  if (!endpoints.ok())
    return absl::InvalidArgumentError(fmt::format("{}{}", etcd::kConnectFailed, Text(endpoints.status())));
  for (const etcd::Endpoint& endpoint : *endpoints) connect_ports_.push_back(endpoint.address.port);
  connect_ports_.push_back(kDnsPort);
  if (!part_.snapshot_cache_path.empty()) {
    absl::StatusOr<etcd::CacheFile> cache = etcd::CacheFile::Open(part_.snapshot_cache_path);
    // Like every problem of the cache: no reason not to start.
    if (cache.ok()) {
      cache_ = *std::move(cache);
      state_directory_ = cache_->directory();
    } else {
      logger_.Write(log::Level::kWarn, kTarget,
                    "managed.snapshot_cache_path cannot be used: no snapshot cache",
                    {{"error", Text(cache.status())}});
    }
  }
  machine_ = dns::Machine::Read();
  connector_ = std::make_unique<etcd::Connector>([this](async::Loop& loop) {
    auto dialer = std::make_unique<etcd::ResolvingDialer>(loop, ReadResolverFiles());
    dialer_ = dialer.get();
    return dialer;
  });
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Source>> SourceChoice::Make(const SchemaCatalog& schemas) {
  if (part_.managed.enabled) {
    logger_.Write(
        log::Level::kWarn, kTarget,
        "the managed mode is not available in this build: the gateway runs without a configuration");
    return std::make_unique<NoSource>();
  }
  if (connector_ == nullptr)
    return std::make_unique<file::GrantedFileSource>(part_.resources_file, inherited_, schemas, logger_);
  etcd::EtcdSettings settings;
  settings.etcd = part_.etcd;
  if (const auto password = inherited_.environment.find(part_.etcd.password_env);
      password != inherited_.environment.end())
    settings.password = password->second;
  settings.read_file = [this](std::string_view name) { return inherited_.ReadFile(name); };
  settings.resolver_changed = [this] {
    connector_->Post(
        [dialer = dialer_, files = ReadResolverFiles()]() mutable { dialer->SetSettings(std::move(files)); });
  };
  auto source = etcd::EtcdSource::Make(std::move(settings), *connector_, schemas, std::move(inherited_.state),
                                       std::move(cache_), logger_);
  if (!source.ok())
    return absl::InvalidArgumentError(fmt::format("{}{}", etcd::kConnectFailed, Text(source.status())));
  return *std::move(source);
}

}  // namespace aisix::admin
