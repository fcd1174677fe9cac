#include "supervisor/run/bootstrap_reading.h"

#include <signal.h>

#include <optional>
#include <utility>

namespace aisix::supervisor {

BootstrapReading::BootstrapReading(EventLoop& loop, BootstrapSource source, BootstrapScope scope,
                                   std::chrono::milliseconds patience)
    : loop_(loop), source_(std::move(source)), scope_(scope), patience_(patience) {}

BootstrapReading::~BootstrapReading() {
  loop_.Cancel(timer_);
  if (child_.socket.valid()) loop_.Unwatch(child_.socket.get());
}

void BootstrapReading::Begin(Done done) {
  done_ = std::move(done);
  parts_ = StartParts();
  absl::StatusOr<BootstrapChild> child =
      StartBootstrapChild(scope_, source_.program, source_.environment, source_.config_path);
  if (!child.ok()) {
    timer_ = loop_.After(std::chrono::milliseconds(0), [this, status = child.status()] { Finish(status); });
    return;
  }
  child_ = *std::move(child);
  loop_.Watch(child_.socket.get(), [this] { Receive(); });
  timer_ = loop_.After(patience_, [this] {
    ::kill(child_.pid, SIGKILL);
    Finish(absl::DeadlineExceededError("the bootstrap child does not end"));
  });
}

void BootstrapReading::Receive() {
  while (true) {
    absl::StatusOr<std::optional<control::Message>> message = control::Receive(child_.socket.get());
    if (absl::IsUnavailable(message.status())) {
      const bool complete = CheckComplete(scope_, parts_).ok();
      return Finish(complete ? absl::OkStatus() : absl::FailedPreconditionError(""));
    }
    absl::Status status = message.status();
    if (status.ok() && !message->has_value()) return;
    if (status.ok()) status = TakePart(**std::move(message), parts_);
    if (status.ok()) continue;
    ::kill(child_.pid, SIGKILL);
    return Finish(status);
  }
}

void BootstrapReading::Finish(absl::Status status) {
  loop_.Cancel(std::exchange(timer_, 0));
  if (child_.socket.valid()) loop_.Unwatch(child_.socket.get());
  child_.socket.reset();
  const Done done = std::exchange(done_, nullptr);
  if (status.ok()) {
    done(std::move(parts_));
  } else {
    done(std::move(status));
  }
}

}  // namespace aisix::supervisor
