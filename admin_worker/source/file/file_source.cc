#include "admin_worker/source/file/file_source.h"

#include <malloc.h>

#include <utility>
#include <variant>

#include "admin_worker/resources/saved_state.h"
#include "admin_worker/source/file/load.h"
#include "lib/crypto/secret.h"
#include "lib/crypto/sha256.h"

namespace aisix::admin::file {
namespace {

constexpr std::string_view kLogTarget = "aisix_admin::file";

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kFetch:
      return "fetch";
    case ErrorKind::kNonJson:
      return "non_json";
    case ErrorKind::kParseFailed:
      return "parse_failed";
    case ErrorKind::kSchemaFailed:
      return "schema_failed";
  }
  return {};
}

}  // namespace

FileSource::FileSource(std::string path, const SchemaCatalog& schemas, ConfigStatus& status, StateFile& state,
                       log::Logger& logger)
    : path_(std::move(path)), schemas_(schemas), status_(status), state_(state), logger_(logger) {}

ConfigurationPtr FileSource::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void FileSource::SetPublish(Publish publish) {
  publish_ = std::move(publish);
  if (ConfigurationPtr configuration = current()) publish_(std::move(configuration));
}

bool FileSource::Restore() {
  std::optional<std::string> record;
  {
    const std::lock_guard lock(save_mutex_);
    record = state_.Read();
  }
  if (!record) return false;
  std::optional<SavedState> saved = DecodeState(*record);
  if (!saved || !status_.Restore(saved->status)) {
    logger_.Write(log::Level::kWarn, kLogTarget, "the state of the previous admin worker is unusable");
    return false;
  }
  const std::lock_guard lock(mutex_);
  current_ = std::make_shared<const Configuration>(std::move(saved->configuration));
  logger_.Write(log::Level::kInfo, kLogTarget, "configuration restored from the previous admin worker",
                {{"generation", current_->generation}});
  saved.reset();
  crypto::Wipe(*record);
  record.reset();
  ::malloc_trim(0);
  return true;
}

absl::Status FileSource::Start(const absl::StatusOr<std::string>& content, const Variables& variables) {
  auto result = LoadFile(path_, content, variables, schemas_, NextGeneration());
  if (auto* report = std::get_if<LoadReport>(&result)) {
    std::string text = report->ToString();
    if (text.ends_with('\n')) text.pop_back();
    return absl::FailedPreconditionError(text);
  }
  auto& loaded = std::get<LoadedFile>(result);
  Accept(std::move(loaded.documents), std::move(loaded.source_hash));
  return absl::OkStatus();
}

void FileSource::Reload(const absl::StatusOr<std::string>& content, const Variables& variables) {
  auto result = LoadFile(path_, content, variables, schemas_, NextGeneration());
  if (auto* report = std::get_if<LoadReport>(&result)) {
    Refuse(*report, content);
    return;
  }
  auto& loaded = std::get<LoadedFile>(result);
  Accept(std::move(loaded.documents), std::move(loaded.source_hash));
}

int64_t FileSource::NextGeneration() const {
  const ConfigurationPtr before = current();
  return before == nullptr ? 1 : before->generation + 1;
}

void FileSource::Accept(DocumentSet documents, std::string source_hash) {
  auto next = std::make_shared<Configuration>();
  const bool first = current() == nullptr;
  next->generation = NextGeneration();
  next->config_hash = source_hash;
  next->documents = std::move(documents);
  logger_.Write(log::Level::kInfo, kLogTarget, first ? "resources file loaded" : "resources file reloaded",
                {{"path", std::string_view(path_)},
                 {"resources", static_cast<uint64_t>(next->documents.size())},
                 {"generation", next->generation}});
  ConfigurationPtr shared = std::move(next);
  {
    const std::lock_guard lock(mutex_);
    current_ = shared;
  }
  status_.OnAccepted(source_hash, absl::Now());
  SaveState();
  if (publish_) publish_(std::move(shared));
  // What is left of the trees of a large file is many times its documents.
  ::malloc_trim(0);
}

void FileSource::Refuse(const LoadReport& report, const absl::StatusOr<std::string>& content) {
  const std::string text = report.ToString();
  logger_.Write(log::Level::kWarn, kLogTarget,
                "resources file refused, the previous configuration keeps serving",
                {{"report", std::string_view(text)}});
  if (!content.ok() || report.errors.front().kind == ErrorKind::kFetch) {
    status_.OnFetchFailure(absl::Now());
  } else {
    std::vector<Rejection> rejections;
    for (const LoadError& error : report.errors)
      rejections.push_back({error.scope, error.collection, error.entry,
                            std::string(ErrorKindName(error.kind)), error.message});
    status_.OnRejected(crypto::Sha256::Of(*content).ToHex(), rejections, absl::Now());
  }
  SaveState();
}

void FileSource::OnApplied(const ConfigurationPtr& configuration) {
  status_.OnApplied(configuration->config_hash, configuration->documents, absl::Now());
  SaveState();
  ::malloc_trim(0);  // as the push is over, too
}

void FileSource::SaveState() {
  const std::lock_guard lock(save_mutex_);
  const ConfigurationPtr configuration = current();
  if (configuration == nullptr) return;
  std::string record = EncodeState(*configuration, status_.Save());
  const absl::Status status = state_.Write(record);
  crypto::Wipe(record);
  if (!status.ok())
    logger_.Write(log::Level::kError, kLogTarget, "cannot keep the state for the next admin worker",
                  {{"error", std::string_view(status.message().data(), status.message().size())}});
}

}  // namespace aisix::admin::file
