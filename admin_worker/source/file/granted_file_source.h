// The resources file as a source: its content is granted by the supervisor, as are the variables it names.
#pragma once

#include <string>
#include <vector>

#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/file/file_source.h"
#include "admin_worker/source/source.h"
#include "admin_worker/status/config_status.h"
#include "lib/control/inherit.h"
#include "lib/log/logger.h"

namespace aisix::admin::file {

class GrantedFileSource final : public Source {
 public:
  // `inherited` is borrowed and holds what was granted last; schemas and logger are borrowed. `path`: for
  // messages.
  GrantedFileSource(std::string path, control::Inherited& inherited, const SchemaCatalog& schemas,
                    log::Logger& logger);

  void Start(Publish publish, OnStarted on_started) override;
  std::string Reload(bool everything) override;
  void OnApplied(const ConfigurationPtr& configuration, const std::vector<PushRefusal>& refusals) override;
  void Stop() override {}
  ConfigurationPtr current() const override { return source_.current(); }
  bool applied() const override { return status_.applied(); }
  std::string StatusJson(absl::Time now) const override { return status_.ToJson(now); }
  void AppendMetrics(std::vector<metrics::Family>& families) const override {
    status_.AppendMetrics(families);
  }

 private:
  control::Inherited& inherited_;
  ConfigStatus status_;
  StateFile state_;
  FileSource source_;
};

}  // namespace aisix::admin::file
