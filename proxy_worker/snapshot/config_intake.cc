#include "proxy_worker/snapshot/config_intake.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "lib/crypto/secret.h"

namespace aisix::proxy {
namespace {

constexpr std::string_view kTarget = "aisix_proxy::config";

// What ipc::ConfigDocument::prepared points at.
using Compiled = absl::StatusOr<CompiledDocument>;

}  // namespace

ConfigIntake::ConfigIntake(ProviderPlanner planner, SnapshotPublisher& publisher, log::Logger& logger,
                           std::function<void()> on_applied)
    : publisher_(publisher),
      logger_(logger),
      on_applied_(std::move(on_applied)),
      builder_(std::move(planner)) {}

void ConfigIntake::Prepare(ipc::ConfigDocument& document) {
  const std::lock_guard lock(apply_mutex_);
  document.prepared = std::make_shared<Compiled>(builder_.Compile(document.kind, document.id, document.json));
  crypto::Wipe(document.json);
  document.json.shrink_to_fit();
}

absl::Status ConfigIntake::TakeLocked(ipc::ConfigDocument& document) {
  if (document.prepared == nullptr) {
    const absl::Status taken = builder_.Upsert(document.kind, document.id, document.json);
    crypto::Wipe(document.json);
    return taken;
  }
  auto& compiled = *static_cast<Compiled*>(document.prepared.get());
  if (!compiled.ok()) return compiled.status();
  builder_.Take(*std::move(compiled));
  document.prepared = nullptr;
  return absl::OkStatus();
}

std::vector<ipc::ConfigRefusal> ConfigIntake::Apply(ipc::ConfigBatch batch) {
  const std::lock_guard lock(apply_mutex_);
  std::vector<ipc::ConfigRefusal> refusals;
  absl::flat_hash_set<std::pair<model::Kind, std::string_view>> named;
  if (batch.full) named.reserve(batch.upserts.size());
  for (ipc::ConfigDocument& document : batch.upserts) {
    const std::optional<model::Kind> kind = model::KindFromCollection(document.kind);
    if (batch.full && kind) named.emplace(*kind, document.id);
    const absl::Status taken = TakeLocked(document);
    if (taken.ok()) continue;
    std::string reason(taken.message());
    logger_.Write(log::Level::kError, kTarget, "a document that was pushed cannot be used",
                  {{"kind", std::string_view(document.kind)},
                   {"id", std::string_view(document.id)},
                   {"reason", std::string_view(reason)}});
    refusals.push_back(ipc::ConfigRefusal{document.kind, document.id, std::move(reason)});
  }
  for (const ipc::ConfigRemoval& removal : batch.removals) builder_.Remove(removal.kind, removal.id);
  if (batch.full)
    builder_.Retain([&named](model::Kind kind, std::string_view id) { return named.contains({kind, id}); });
  if (!batch.no_configuration) has_configuration_ = true;
  revision_ = batch.revision;
  PublishLocked();
  return refusals;
}

void ConfigIntake::Replan(ProviderPlanner planner) {
  const std::lock_guard lock(apply_mutex_);
  builder_.Replan(std::move(planner));
  if (current()->has_configuration()) PublishLocked();
}

void ConfigIntake::PublishLocked() {
  std::shared_ptr<const Snapshot> snapshot = builder_.Build(has_configuration_, revision_);
  if (!publisher_.Publish(snapshot)) return;
  {
    const std::lock_guard lock(current_mutex_);
    current_ = std::move(snapshot);
  }
  on_applied_();
}

std::shared_ptr<const Snapshot> ConfigIntake::current() const {
  const std::lock_guard lock(current_mutex_);
  return current_;
}

}  // namespace aisix::proxy
