// The resources file as the source of the configuration: start, reload, and the last good set (spec 02 §7.7).
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "admin_worker/resources/configuration.h"
#include "admin_worker/resources/state_file.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/file/interpolation.h"
#include "admin_worker/source/file/report.h"
#include "admin_worker/status/config_status.h"
#include "lib/log/logger.h"

namespace aisix::admin::file {

// Start and Reload: one thread. current and OnApplied: any thread.
class FileSource {
 public:
  // Gives every zone a new configuration.
  using Publish = std::function<void(ConfigurationPtr)>;

  // Everything is borrowed. `path`: for messages only.
  FileSource(std::string path, const SchemaCatalog& schemas, ConfigStatus& status, StateFile& state,
             log::Logger& logger);

  // Takes over what an earlier worker left in the state file: then the file is not read, because it may have
  // become worse since. False: there is nothing.
  bool Restore();
  // The first loading. The error is the report; nothing is in effect then.
  absl::Status Start(const absl::StatusOr<std::string>& content, const Variables& variables);
  // A later one: all or nothing. On success there is a new generation; else the old one stays, and the report
  // is logged and shown in the status.
  void Reload(const absl::StatusOr<std::string>& content, const Variables& variables);

  // Where new configurations go; the present one goes there at once.
  void SetPublish(Publish publish);
  // The zones have `configuration` now.
  void OnApplied(const ConfigurationPtr& configuration);

  ConfigurationPtr current() const;

 private:
  int64_t NextGeneration() const;
  void Accept(DocumentSet documents, std::string source_hash);
  void Refuse(const LoadReport& report, const absl::StatusOr<std::string>& content);
  void SaveState();

  const std::string path_;
  const SchemaCatalog& schemas_;
  ConfigStatus& status_;
  StateFile& state_;  // guarded by save_mutex_
  log::Logger& logger_;
  Publish publish_;
  mutable std::mutex mutex_;
  ConfigurationPtr current_;  // guarded by mutex_
  std::mutex save_mutex_;
};

}  // namespace aisix::admin::file
