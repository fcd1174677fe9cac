#include "supervisor/upgrade/program_check.h"

#include <fmt/core.h>
#include <signal.h>

#include <utility>

#include "lib/config/zone_config.h"
#include "lib/os/memory_file.h"
#include "supervisor/process/child.h"
#include "supervisor/start/programs.h"
#include "supervisor/upgrade/handover.h"

namespace aisix::supervisor {

ProgramCheck::ProgramCheck(EventLoop& loop, std::chrono::milliseconds patience)
    : loop_(loop), patience_(patience) {}

ProgramCheck::~ProgramCheck() {
  loop_.Cancel(timer_);
  if (pid_ != 0) ::kill(pid_, SIGKILL);
}

void ProgramCheck::Begin(const std::string& program, int file, Done done) {
  done_ = std::move(done);
  absl::StatusOr<pid_t> pid = StartChild({program, {kCheckArgument}, file});
  if (!pid.ok()) {
    timer_ = loop_.After(std::chrono::milliseconds(0), [this, status = pid.status()] { Finish(status); });
    return;
  }
  pid_ = *pid;
  timer_ = loop_.After(patience_, [this] {
    ::kill(std::exchange(pid_, 0), SIGKILL);
    Finish(absl::DeadlineExceededError(fmt::format(
        "the new program was asked whether it can go on from here, and has not answered within {} ms",
        patience_.count())));
  });
}

void ProgramCheck::OnChildEnded(pid_t pid, const Exit& exit) {
  if (pid != pid_ || pid_ == 0) return;
  pid_ = 0;
  absl::Status status;
  if (!exit.orderly) {
    status =
        absl::FailedPreconditionError(fmt::format("the new program cannot go on from here: {}", exit.text));
  }
  // Not among the signals that were taken with this one: they would be lost if the program were executed now.
  loop_.Cancel(timer_);
  timer_ = loop_.After(std::chrono::milliseconds(0), [this, status] { Finish(status); });
}

void ProgramCheck::Finish(absl::Status status) {
  loop_.Cancel(std::exchange(timer_, 0));
  const Done done = std::exchange(done_, nullptr);
  done(std::move(status));
}

int CheckHandover(int file) {
  absl::StatusOr<std::string> text = os::ReadAll(file);
  absl::Status status = text.status();
  if (status.ok()) {
    absl::StatusOr<Handover> handover = DecodeHandover(*text);
    status = handover.status();
    if (status.ok()) status = config::DecodeSupervisorPart(handover->own_part).status();
  }
  if (status.ok()) status = Programs::Locate().status();
  if (status.ok()) return 0;
  fmt::print(stderr, "Error: {}\n", std::string_view(status.message().data(), status.message().size()));
  return 1;
}

}  // namespace aisix::supervisor
