#include "supervisor/run/own_figures.h"

#include <chrono>
#include <utility>

#include "lib/control/figures.h"
#include "lib/sandbox/mechanism/privileges.h"

namespace aisix::supervisor {
namespace {

constexpr std::chrono::seconds kInterval{10};

}  // namespace

OwnFigures::OwnFigures(EventLoop& loop, ProcessTable& table, std::unique_ptr<os::ProcessStats> stats)
    : loop_(loop), table_(table), stats_(std::move(stats)) {}

OwnFigures::~OwnFigures() {
  loop_.Cancel(timer_);
}

void OwnFigures::Tell() {
  loop_.Cancel(timer_);
  control::Message message;
  message.type = control::MessageType::kFigures;
  message.text = control::EncodeFigures(stats_->Read());
  table_.Send(Zone::kMetrics, message);
  for (const sandbox::Measure& measure : sandbox::ReadPrivileges()) {
    control::Message told;
    told.type = control::MessageType::kMeasure;
    told.name = measure.mechanism;
    told.number = static_cast<uint64_t>(measure.state);
    told.text = measure.reason;
    table_.Send(Zone::kMetrics, told);
  }
  timer_ = loop_.After(kInterval, [this] { Tell(); });
}

}  // namespace aisix::supervisor
