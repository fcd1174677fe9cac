#include "supervisor/upgrade/upgrade_request.h"

#include <chrono>
#include <string_view>

namespace aisix::supervisor {
namespace {

using log::Level;

constexpr std::string_view kTarget = "aisix";
constexpr std::chrono::milliseconds kRetry{100};

}  // namespace

void UpgradeRequest::OnSignal() {
  if (pending_) return;
  pending_ = true;
  logger_.Write(Level::kInfo, kTarget, "upgrade requested", {{"waits", MustWait()}});
  Try();
}

bool UpgradeRequest::MustWait() const {
  return replacement_.active() || table_.replacing() || reload_.active();
}

bool UpgradeRequest::Refused() {
  if (!drain_.active() && table_.serving()) return false;
  logger_.Write(Level::kWarn, kTarget, "the upgrade is refused",
                {{"reason", log::Display{drain_.active() ? "shutting down" : "nothing is served yet"}}});
  upgrade_.Abandon();
  pending_ = false;
  return true;
}

void UpgradeRequest::Try() {
  if (Refused()) return;
  if (MustWait()) {
    loop_.After(kRetry, [this] { Try(); });
    return;
  }
  reloads_ = reload_.given();
  service_.BeginReload("Upgrading");
  upgrade_.Prepare([this](const absl::Status& status) { OnPrepared(status); });
}

void UpgradeRequest::OnPrepared(const absl::Status& status) {
  if (status.ok()) {
    Execute();
  } else {
    Fail(status);
  }
}

void UpgradeRequest::Execute() {
  if (Refused()) return;
  if (MustWait()) {
    loop_.After(kRetry, [this] { Execute(); });
    return;
  }
  // What a reload has read meanwhile is newer than what was prepared.
  if (reload_.given() != reloads_) return Try();
  Fail(upgrade_.Execute(
      [this] { logger_.Write(Level::kInfo, kTarget, "the supervisor executes its program again"); }));
}

void UpgradeRequest::Fail(const absl::Status& status) {
  logger_.Write(Level::kError, kTarget, "the upgrade has failed, everything stays as it is",
                {{"error", std::string_view(status.message().data(), status.message().size())}});
  upgrade_.Abandon();
  pending_ = false;
  service_.EndReload();
}

}  // namespace aisix::supervisor
