// etcd as the source of the configuration (spec 02 §2–6): a reader follows etcd, one thread applies what it
// brings, a keeper writes it down. None of them waits for the zones.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/etcd/client/client.h"
#include "admin_worker/source/etcd/client/connector.h"
#include "admin_worker/source/etcd/documents/key_space.h"
#include "admin_worker/source/etcd/documents/ledger.h"
#include "admin_worker/source/etcd/etcd_status.h"
#include "admin_worker/source/etcd/feed/feed.h"
#include "admin_worker/source/etcd/feed/reader.h"
#include "admin_worker/source/etcd/keeper.h"
#include "admin_worker/source/etcd/persistence/snapshot_cache.h"
#include "admin_worker/source/etcd/persistence/state_log.h"
#include "admin_worker/source/source.h"
#include "lib/config/zone_config.h"
#include "lib/log/logger.h"
#include "lib/os/unique_fd.h"

namespace aisix::admin::etcd {

// How the text of a failed start begins (spec 01 §6).
inline constexpr char kConnectFailed[] = "etcd connect failed: etcd connection failed: ";

// What the start-up configuration and the supervisor give.
struct EtcdSettings {
  config::EtcdPart etcd;
  std::string password;
  // The content of a granted file by its name: "etcd.tls.ca_cert_file" …
  std::function<absl::StatusOr<std::string>(std::string_view)> read_file;
  // The files of the resolver may have changed. May be empty.
  std::function<void()> resolver_changed;
};

class EtcdSource final : public Source {
 public:
  // INVALID_ARGUMENT: an endpoint or a TLS file that cannot be used. `connector`, `schemas` and the logger
  // are borrowed; `state`: the memory that outlives this worker; `cache`: nullopt when it is off.
  static absl::StatusOr<std::unique_ptr<EtcdSource>> Make(EtcdSettings settings, Connector& connector,
                                                          const SchemaCatalog& schemas, os::UniqueFd state,
                                                          std::optional<CacheFile> cache,
                                                          log::Logger& logger);
  ~EtcdSource() override;

  void Start(Publish publish, OnStarted on_started) override;
  std::string Reload(bool everything) override;
  void OnApplied(const ConfigurationPtr& configuration, const std::vector<PushRefusal>& refusals) override;
  void Stop() override;
  ConfigurationPtr current() const override;
  bool applied() const override { return status_.applied(); }
  std::string StatusJson(absl::Time now) const override { return status_.ToJson(now); }
  void AppendMetrics(std::vector<metrics::Family>& families) const override;
  std::optional<SnapshotAge> Age(absl::Time now) const override { return status_.Age(now); }

  // For the admin API.
  Client& client() { return client_; }

 private:
  EtcdSource(EtcdSettings settings, std::vector<Endpoint> endpoints, Connector& connector,
             const SchemaCatalog& schemas, os::UniqueFd state, std::optional<CacheFile> cache,
             log::Logger& logger);
  absl::StatusOr<TlsFiles> ReadTlsFiles() const;
  absl::Status UseTlsFiles(TlsFiles files);

  bool RestoreState();
  bool RestoreCache();
  void Run();
  void TakeOne(FeedItem& item);
  void ApplyChanges(std::vector<Change> changes);
  enum class Step { kLoad, kChanges };
  VersionPtr NewVersion(const Outcome& outcome, int64_t revision, absl::Time now);
  void Commit(const Outcome& outcome, int64_t revision, Step step);
  bool ReplacesCredentials(const Outcome& outcome, const ObservedTable& before) const;
  void Keep(const std::string& batch);
  void Tell(const Outcome& outcome);

  const EtcdSettings settings_;
  Connector& connector_;
  log::Logger& logger_;
  const KeySpace keys_;
  const std::optional<CacheFile> cache_;
  Client client_;
  Feed feed_;
  Reader reader_;
  EtcdStatus status_;
  StateLog log_;
  Keeper keeper_;
  Publish publish_;
  TlsFiles tls_files_;  // those in use
  // The applying thread's, and Start's before it runs.
  Ledger ledger_;
  VersionPtr newest_;
  mutable std::mutex mutex_;
  ConfigurationPtr current_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace aisix::admin::etcd
