#include "supervisor/run/drain.h"

#include <utility>

namespace aisix::supervisor {
namespace {

using control::MessageType;
using log::Level;

constexpr std::string_view kTarget = "aisix";
constexpr std::chrono::milliseconds kPollInterval{100};
constexpr std::chrono::seconds kReportInterval{5};
// A zone without callers has nothing to wait for: it flushes and exits.
constexpr std::chrono::seconds kStopPatience{5};

}  // namespace

Drain::Drain(EventLoop& loop, log::Logger& logger, ProcessTable& table, std::chrono::seconds min_drain,
             std::function<void()> done)
    : loop_(loop), logger_(logger), table_(table), min_drain_(min_drain), done_(std::move(done)) {}

void Drain::Begin() {
  if (active()) return;
  step_ = Step::kMinimum;
  logger_.Write(Level::kInfo, kTarget, "shutting down, draining",
                {{"min_drain_secs", static_cast<uint64_t>(min_drain_.count())}});
  table_.BeginDrain();
  timer_ = loop_.After(min_drain_, [this] {
    step_ = Step::kPolling;
    next_report_ = EventLoop::Clock::now() + kReportInterval;
    Poll();
  });
}

void Drain::Poll() {
  if (!table_.IsRunning(Zone::kProxy)) {  // with it went what was in flight
    Release();
    return;
  }
  table_.Send(Zone::kProxy, MessageType::kQueryInFlight);
  timer_ = loop_.After(kPollInterval, [this] { Poll(); });
}

void Drain::OnInFlight(uint64_t requests) {
  if (step_ != Step::kPolling) return;
  if (requests == 0) {
    Release();
    return;
  }
  const EventLoop::Clock::time_point now = EventLoop::Clock::now();
  if (now < next_report_) return;
  next_report_ = now + kReportInterval;
  logger_.Write(Level::kInfo, kTarget, "waiting for requests in flight", {{"in_flight", requests}});
}

void Drain::Release() {
  loop_.Cancel(std::exchange(timer_, 0));
  step_ = Step::kReleasing;
  table_.StopRestarting();
  if (table_.IsRunning(Zone::kProxy)) {
    table_.Send(Zone::kProxy, MessageType::kRelease);
  } else {
    StopNext();
  }
}

void Drain::OnEnded(Zone zone) {
  if (step_ == Step::kReleasing && zone == Zone::kProxy && !table_.IsRunning(zone)) StopNext();
  if (step_ == Step::kStopping) StopNext();
}

void Drain::StopNext() {
  step_ = Step::kStopping;
  loop_.Cancel(std::exchange(timer_, 0));
  for (const Zone zone : {Zone::kAdmin, Zone::kMetrics, Zone::kEgress}) {
    if (!table_.IsRunning(zone)) continue;
    table_.Send(zone, MessageType::kStop);
    timer_ = loop_.After(kStopPatience, [this, zone] { table_.Kill(zone); });
    return;
  }
  step_ = Step::kDone;
  logger_.Write(Level::kInfo, kTarget, "clean shutdown");
  done_();
}

}  // namespace aisix::supervisor
