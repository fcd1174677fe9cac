#include "supervisor/run/replacement.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace aisix::supervisor {
namespace {

constexpr std::string_view kTarget = "aisix";
// A zone that is just being started again after a death is waited for.
constexpr std::chrono::milliseconds kRetry{100};
constexpr std::chrono::seconds kPatience{30};

}  // namespace

void ZoneReplacement::All(std::function<void(bool)> done) {
  done_ = std::move(done);
  waiting_.assign(kZones.begin(), kZones.end());
  retry_until_ = EventLoop::Clock::now() + kPatience;
  Next();
}

void ZoneReplacement::One(Zone zone) {
  if (stopped_ || std::find(waiting_.begin(), waiting_.end(), zone) != waiting_.end()) return;
  waiting_.push_back(zone);
  retry_until_ = EventLoop::Clock::now() + kPatience;
  // Not from within the callback of the worker that asks.
  loop_.After(std::chrono::milliseconds(0), [this] { Next(); });
}

void ZoneReplacement::Stop() {
  stopped_ = true;
  waiting_.clear();
}

void ZoneReplacement::Next() {
  if (stopped_ || table_.replacing() || retry_timer_ != 0) return;
  if (waiting_.empty()) {
    Finish(true);
    return;
  }
  const Zone zone = waiting_.front();
  if (!table_.IsReady(zone) && EventLoop::Clock::now() < retry_until_) {
    retry_timer_ = loop_.After(kRetry, [this] {
      retry_timer_ = 0;
      Next();
    });
    return;
  }
  waiting_.pop_front();
  table_.Replace(zone, [this, zone](const absl::Status& status) { OnReplaced(zone, status); });
}

void ZoneReplacement::OnReplaced(Zone zone, const absl::Status& status) {
  retry_until_ = EventLoop::Clock::now() + kPatience;
  if (!status.ok() && active()) {
    for (const Zone kept : waiting_) {
      logger_.Write(log::Level::kWarn, kTarget, "worker is kept",
                    {{"worker", log::Display{ZoneName(kept)}},
                     {"reason", log::Display{"the replacement of another zone has failed"}},
                     {"failed", log::Display{ZoneName(zone)}}});
    }
    waiting_.clear();
    Finish(false);
    return;
  }
  // Not within the events of the worker that has just become ready.
  loop_.After(std::chrono::milliseconds(0), [this] { Next(); });
}

void ZoneReplacement::Finish(bool complete) {
  if (const auto done = std::exchange(done_, nullptr)) done(complete);
}

}  // namespace aisix::supervisor
