// Which source the start-up configuration asks for, and what has to be done for it before the sandbox is
// locked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/etcd/client/connector.h"
#include "admin_worker/source/etcd/client/resolving_dialer.h"
#include "admin_worker/source/etcd/persistence/snapshot_cache.h"
#include "admin_worker/source/source.h"
#include "lib/config/zone_config.h"
#include "lib/control/inherit.h"
#include "lib/log/logger.h"

namespace aisix::admin {

class SourceChoice {
 public:
  // While files may still be opened. `part`, `inherited` and `logger` are borrowed. The error is the text of
  // the failed start.
  static absl::StatusOr<std::unique_ptr<SourceChoice>> Prepare(const config::AdminPart& part,
                                                               control::Inherited& inherited,
                                                               log::Logger& logger);

  // What the sandbox has to leave open.
  const std::vector<uint16_t>& connect_ports() const { return connect_ports_; }
  const std::string& state_directory() const { return state_directory_; }

  // After the lock; once. The source borrows this object and the schemas.
  absl::StatusOr<std::unique_ptr<Source>> Make(const SchemaCatalog& schemas);

 private:
  SourceChoice(const config::AdminPart& part, control::Inherited& inherited, log::Logger& logger)
      : part_(part), inherited_(inherited), logger_(logger) {}
  absl::Status PrepareEtcd();
  dns::Settings ReadResolverFiles() const;

  const config::AdminPart& part_;
  control::Inherited& inherited_;
  log::Logger& logger_;
  std::vector<uint16_t> connect_ports_;
  std::string state_directory_;
  // etcd only.
  dns::Machine machine_;
  std::optional<etcd::CacheFile> cache_;
  etcd::ResolvingDialer* dialer_ = nullptr;  // the connector's
  std::unique_ptr<etcd::Connector> connector_;
};

}  // namespace aisix::admin
