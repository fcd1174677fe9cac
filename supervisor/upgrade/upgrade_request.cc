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
  if (timer_ != 0) return;
  logger_.Write(Level::kInfo, kTarget, "upgrade requested", {{"waits", MustWait()}});
  Try();
}

bool UpgradeRequest::MustWait() const {
  return replacement_.active() || table_.replacing() || reload_.active();
}

void UpgradeRequest::Try() {
  timer_ = 0;
  if (drain_.active() || !table_.serving()) {
    logger_.Write(Level::kWarn, kTarget, "the upgrade is refused",
                  {{"reason", log::Display{drain_.active() ? "shutting down" : "nothing is served yet"}}});
    return;
  }
  if (MustWait()) {
    timer_ = loop_.After(kRetry, [this] { Try(); });
    return;
  }
  service_.BeginReload("Upgrading");
  const absl::Status status = upgrade_.Execute(
      [this] { logger_.Write(Level::kInfo, kTarget, "the supervisor executes its program again"); });
  logger_.Write(Level::kError, kTarget, "the upgrade has failed, everything stays as it is",
                {{"error", std::string_view(status.message().data(), status.message().size())}});
  service_.EndReload();
}

}  // namespace aisix::supervisor
