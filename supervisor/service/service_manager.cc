#include "supervisor/service/service_manager.h"

#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <utility>

namespace aisix::supervisor {
namespace {

using log::Level;
using std::chrono::milliseconds;

constexpr std::string_view kTarget = "aisix";

// What sd_notify(3) wants to see beside RELOADING=1.
uint64_t MonotonicMicroseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

ServiceManager::ServiceManager(EventLoop& loop, log::Logger& logger, Options options,
                               std::function<bool(Zone)> is_ready)
    : loop_(loop), logger_(logger), options_(options), is_ready_(std::move(is_ready)) {
  SetStatus("Starting");
}

ServiceManager::~ServiceManager() {
  loop_.Cancel(beat_);
}

void ServiceManager::OnServing() {
  phase_ = Phase::kServing;
  SayReady();
  if (options_.watchdog.count() > 0 && beat_ == 0) Beat();
}

void ServiceManager::OnZoneChanged() {
  if (CanServe()) {
    unable_since_.reset();
  } else if (!unable_since_) {
    unable_since_ = EventLoop::Clock::now();
  }
  if (phase_ == Phase::kServing) SetStatus(DescribeZones());
}

void ServiceManager::BeginReload(std::string_view status) {
  if (phase_ != Phase::kServing) return;
  phase_ = Phase::kReloading;
  status_ = status;
  Send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS={}", MonotonicMicroseconds(), status));
}

void ServiceManager::EndReload() {
  if (phase_ != Phase::kReloading) return;
  phase_ = Phase::kServing;
  SayReady();
}

void ServiceManager::OnStopping(std::string_view status) {
  phase_ = Phase::kStopping;
  status_ = status;
  Send(fmt::format("STOPPING=1\nSTATUS={}", status));
}

void ServiceManager::SetStatus(std::string_view text) {
  if (text == status_) return;
  status_ = text;
  Send(fmt::format("STATUS={}", text));
}

void ServiceManager::SayReady() {
  status_ = DescribeZones();
  Send(fmt::format("READY=1\nSTATUS={}", status_));
}

void ServiceManager::Send(std::string_view text) {
  if (options_.notify == nullptr) return;
  const absl::Status status = options_.notify->Send(text);
  if (status.ok() || std::exchange(failed_, !status.ok())) return;
  logger_.Write(Level::kWarn, kTarget, "the service manager cannot be told",
                {{"error", std::string_view(status.message().data(), status.message().size())}});
}

std::string ServiceManager::DescribeZones() const {
  std::string down;
  for (const Zone zone : kZones) {
    if (!is_ready_(zone)) down += fmt::format("{}{}", down.empty() ? "" : ", ", ZoneName(zone));
  }
  return down.empty() ? "Serving" : fmt::format("Serving; not ready: {}", down);
}

void ServiceManager::Beat() {
  const milliseconds interval = std::chrono::duration_cast<milliseconds>(options_.watchdog);
  const auto patience = std::max<EventLoop::Clock::duration>(options_.watchdog, options_.patience);
  const bool lasting = unable_since_ && EventLoop::Clock::now() - *unable_since_ > patience;
  if (!lasting || phase_ == Phase::kStopping) Send("WATCHDOG=1");
  beat_ = loop_.After(std::max(interval / 2, milliseconds(1)), [this] { Beat(); });
}

bool ServiceManager::CanServe() const {
  return std::all_of(kZones.begin(), kZones.end(),
                     [this](Zone zone) { return !IsEssential(zone) || is_ready_(zone); });
}

}  // namespace aisix::supervisor
