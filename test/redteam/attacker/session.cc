#include "test/redteam/attacker/session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

#include "absl/strings/str_split.h"
#include "lib/control/inherit.h"
#include "lib/control/message.h"

namespace aisix::redteam {
namespace {

constexpr unsigned kPatienceS = 20;  // for one attempt; only a failing test needs it

int OpenFifo(const std::string& path) {
  // Both directions, so that it neither waits for the other end nor ends with it.
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    std::perror(path.c_str());
    std::abort();
  }
  return fd;
}

}  // namespace

std::string OutcomeOf(long result) {
  if (result >= 0) return "allowed";
  const char* name = ::strerrorname_np(static_cast<int>(-result));
  return name == nullptr ? "errno " + std::to_string(-result) : name;
}

std::string Isolated(const Attempt& attempt, const Scene& scene, const std::function<std::string()>& lock) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    ::alarm(kPatienceS);
    std::string outcome = lock();
    if (outcome.empty()) outcome = OutcomeOf(attempt.run(scene));
    static_cast<void>(!::write(ends[1], outcome.data(), outcome.size()));
    ::_exit(0);
  }
  ::close(ends[1]);
  char text[256];
  const ssize_t size = ::read(ends[0], text, sizeof(text));
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (size > 0) return std::string(text, static_cast<size_t>(size));
  // Without a word: killed, or another program has taken its place.
  if (!WIFSIGNALED(status)) return "allowed";
  if (WCOREDUMP(status)) return "core dumped";
  if (WTERMSIG(status) == SIGSYS) return "killed";
  return std::string("SIG") + ::sigabbrev_np(WTERMSIG(status));
}

Session::Session(Scene& scene, const std::string& program)
    : scene_(scene),
      attempts_(AllAttempts()),
      commands_(OpenFifo(program + ".commands")),
      results_(OpenFifo(program + ".results")) {
  Answer("hello", std::to_string(::getpid()));
  Write(".\n");
}

std::string Session::ReadLine() {
  for (;;) {
    if (const size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    char buffer[4096];
    const ssize_t size = ::read(commands_, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) std::abort();
    unread_.append(buffer, static_cast<size_t>(size));
  }
}

void Session::Write(const std::string& text) const {
  if (::write(results_, text.data(), text.size()) < 0) std::abort();
}

void Session::Answer(const std::string& name, const std::string& outcome) const {
  Write(name + "\t" + outcome + "\n");
}

void Session::TryAll(const sandbox::Profile& profile, const sandbox::LockOptions& options, bool locked) {
  const auto lock = [&]() -> std::string {
    if (!locked) return {};
    const absl::StatusOr<sandbox::Report> report = RealLock(profile, options);
    return report.ok() ? std::string() : "not locked: " + std::string(report.status().message());
  };
  for (const Attempt& attempt : attempts_) {
    if (attempt.harmful && !locked) continue;
    Answer(std::string(attempt.name), Isolated(attempt, scene_, lock));
  }
}

absl::StatusOr<sandbox::Report> Session::Run(const sandbox::Profile& profile,
                                             const sandbox::LockOptions& options) {
  std::optional<absl::StatusOr<sandbox::Report>> report;
  for (;;) {
    const std::vector<std::string> words = absl::StrSplit(ReadLine(), '\t');
    if (words[0] == "target") {
      scene_.targets[words[1]] = words[2];
      continue;
    }
    if (words[0] == "continue") {
      Write(".\n");
      return report ? *std::move(report) : RealLock(profile, options);
    }
    if (words[0] == "all") {
      TryAll(profile, options, words[1] == "locked");
    } else if (words[0] == "lock") {
      report = RealLock(profile, options);
      Answer("lock", report->ok() ? "locked" : std::string(report->status().message()));
      abuse_ = std::make_unique<Abuse>(scene_);
    } else if (words[0] == "here") {
      for (const Attempt& attempt : attempts_) {
        if (attempt.name != words[1]) continue;
        std::thread([&] { Answer(words[1], OutcomeOf(attempt.run(scene_))); }).join();
      }
    } else if (words[0] == "abuse") {
      Answer(words[1], abuse_ ? abuse_->Run({words.begin() + 1, words.end()}) : "not locked");
    } else if (words[0] == "ready") {
      control::Message message;
      message.type = control::MessageType::kReady;
      Answer("ready", std::string(control::Send(control::kControlSocket, message).ToString()));
    }
    Write(".\n");
  }
}

}  // namespace aisix::redteam
