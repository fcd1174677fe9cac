#include "admin_worker/source/file/granted_file_source.h"

#include <utility>

#include "lib/os/wipe_stack.h"

namespace aisix::admin::file {
namespace {

constexpr std::string_view kResourcesFile = "resources_file";

}  // namespace

GrantedFileSource::GrantedFileSource(std::string path, control::Inherited& inherited,
                                     const SchemaCatalog& schemas, log::Logger& logger)
    : inherited_(inherited),
      status_(SourceType::kFile),
      state_(std::move(inherited.state)),
      source_(std::move(path), schemas, status_, state_, logger) {}

void GrantedFileSource::Start(Publish publish, OnStarted on_started) {
  absl::Status started;
  if (!source_.Restore())
    started = source_.Start(inherited_.ReadFile(kResourcesFile), inherited_.environment);
  inherited_.environment.clear();  // it holds callers' keys; with each reload it comes again
  if (started.ok()) source_.SetPublish(std::move(publish));
  os::WipeStack();
  on_started(started);
}

std::string GrantedFileSource::Reload(bool everything) {
  // A certificate that changed is no request to read the resources file, half-edited as it may be.
  if (everything) {
    source_.Reload(inherited_.ReadFile(kResourcesFile), inherited_.environment);
    inherited_.environment.clear();
    os::WipeStack();
  }
  return {};
}

void GrantedFileSource::OnApplied(const ConfigurationPtr& configuration, const std::vector<PushRefusal>&) {
  source_.OnApplied(configuration);
}

}  // namespace aisix::admin::file
