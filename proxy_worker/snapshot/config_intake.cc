#include "proxy_worker/snapshot/config_intake.h"

#include <malloc.h>

#include <string_view>
#include <utility>

namespace aisix::proxy {
namespace {

constexpr std::string_view kTarget = "aisix_proxy::config";

// A push of so many documents leaves holes in the heap that are worth giving back.
constexpr size_t kTrimDocuments = 5000;

}  // namespace

ConfigIntake::ConfigIntake(ProviderPlanner planner, SnapshotPublisher& publisher, log::Logger& logger,
                           std::function<void()> on_applied)
    : publisher_(publisher),
      logger_(logger),
      on_applied_(std::move(on_applied)),
      builder_(std::move(planner)) {}

void ConfigIntake::Prepare(ipc::ConfigBatch& batch) {
  const std::lock_guard lock(apply_mutex_);
  PrepareLocked(batch);
}

PreparedPush& ConfigIntake::PrepareLocked(ipc::ConfigBatch& batch) {
  if (batch.prepared == nullptr) batch.prepared = std::make_shared<PreparedPush>();
  auto& push = *static_cast<PreparedPush*>(batch.prepared.get());
  for (ipc::ConfigDocument& document : batch.upserts) push.Add(builder_, std::move(document));
  batch.upserts.clear();
  return push;
}

void ConfigIntake::TakeLocked(PreparedPush& push) {
  for (std::shared_ptr<const CallerKey>& caller : push.callers) builder_.TakeCaller(std::move(caller));
  for (CompiledDocument& document : push.others) builder_.Take(std::move(document));
  for (const ipc::ConfigRefusal& refusal : push.refusals) {
    logger_.Write(log::Level::kError, kTarget, "a document that was pushed cannot be used",
                  {{"kind", std::string_view(refusal.kind)},
                   {"id", std::string_view(refusal.id)},
                   {"reason", std::string_view(refusal.reason)}});
  }
}

std::vector<ipc::ConfigRefusal> ConfigIntake::Apply(ipc::ConfigBatch batch) {
  std::vector<ipc::ConfigRefusal> refusals;
  size_t documents = 0;
  {
    const std::lock_guard lock(apply_mutex_);
    PreparedPush& push = PrepareLocked(batch);
    documents = push.size() + batch.removals.size();
    if (batch.full) push.RetainNamed(builder_);
    TakeLocked(push);
    for (const ipc::ConfigRemoval& removal : batch.removals) builder_.Remove(removal.kind, removal.id);
    if (!batch.no_configuration) has_configuration_ = true;
    revision_ = batch.revision;
    PublishLocked();
    refusals = std::move(push.refusals);
  }
  batch = ipc::ConfigBatch();
  if (documents >= kTrimDocuments) ::malloc_trim(0);
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
