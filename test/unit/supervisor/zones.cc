#include "test/unit/supervisor/zones.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "lib/control/environment.h"
#include "lib/os/memory_file.h"

namespace aisix::supervisor {

Zones::Zones(std::vector<config::FileGrant> grants, uint32_t proxy_loops, ProcessTable::Patience patience)
    : logger("supervisor", log::Filter(), 2), files(std::move(grants)) {
  std::string name = ::testing::TempDir() + "supervisor-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  directory_ = name;
  for (const Zone zone : kZones) {
    std::filesystem::create_symlink(FAKE_WORKER, fmt::format("{}/{}", directory_, ZoneProgram(zone)));
    parts.environment[std::string(ZoneName(zone))] = *os::CreateSealedFile(
        "environment", control::EncodeEnvironment({{"OF", std::string(ZoneName(zone))}}));
  }
  EXPECT_EQ(::mkfifo((directory_ + "/reports").c_str(), 0600), 0);
  pipe_.reset(::open((directory_ + "/reports").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  for (const Zone zone : kZones) SetBehaviour(zone, "ready");

  signals.emplace(*Signals::Create());
  programs.emplace(directory_);
  listeners.emplace(*Listeners::Bind({{"proxy", "127.0.0.1:0", false}, {"metrics", "127.0.0.1:0", false}},
                                     {.proxy_sockets = proxy_loops}));
  EXPECT_TRUE(files.OpenAll().ok());
  table.emplace(loop, logger, Inheritance{*programs, parts, *listeners, files, proxy_loops},
                ProcessTable::Hooks{.all_ready = [this] { all_ready = true; },
                                    .fatal = [this](std::string reason) { fatal = std::move(reason); },
                                    .ended =
                                        [this](Zone zone) {
                                          ended.push_back(zone);
                                          if (on_ended) on_ended(zone);
                                        },
                                    .in_flight =
                                        [this](uint64_t requests) {
                                          if (on_in_flight) on_in_flight(requests);
                                        },
                                    .ready =
                                        [this](Zone zone) {
                                          if (on_ready) on_ready(zone);
                                        },
                                    .replace_me = [this](Zone zone) { to_replace.push_back(zone); },
                                    .reloaded =
                                        [this](Zone zone, uint64_t number, const std::string& refused) {
                                          if (on_reloaded) on_reloaded(zone, number, refused);
                                        },
                                    .other_ended =
                                        [this](pid_t pid, const Exit& exit) {
                                          if (on_other_ended) on_other_ended(pid, exit);
                                        }},
                patience);
  loop.Watch(pipe_.get(), [this] { ReadReports(); });
  loop.Watch(signals->fd(), [this] {
    for (const int number : signals->Take()) {
      if (number == SIGCHLD) table->Reap();
    }
  });
}

Zones::~Zones() {
  table->KillAll();
  std::filesystem::remove_all(directory_);
}

void Zones::SetBehaviour(Zone zone, const std::string& behaviour) {
  parts.boot[std::string(ZoneName(zone))] =
      *os::CreateSealedFile("boot", fmt::format("{}/reports\n{}", directory_, behaviour));
}

bool Zones::Reported(Zone zone, const std::string& text) const {
  return Position(zone, text) >= 0;
}

bool Zones::Reported(Zone zone, pid_t pid, const std::string& text) const {
  const std::string line = fmt::format("{} {} {}", ZoneName(zone), pid, text);
  return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
}

int Zones::Position(Zone zone, const std::string& text) const {
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].starts_with(std::string(ZoneName(zone)) + " ") && lines_[i].ends_with(" " + text)) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

void Zones::ReadReports() {
  char buffer[4096];
  ssize_t size;
  while ((size = ::read(pipe_.get(), buffer, sizeof(buffer))) > 0)
    partial_.append(buffer, static_cast<size_t>(size));
  for (size_t end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
    lines_.push_back(partial_.substr(0, end));
    partial_.erase(0, end + 1);
  }
}

void Zones::RunUntil(const std::function<bool()>& condition) {
  bool late = false;
  const uint64_t limit = loop.After(std::chrono::seconds(30), [&] { late = true; });
  // Any event may fulfil the condition: look after each round.
  std::function<void()> look = [&] {
    if (late || condition()) {
      loop.Stop();
    } else {
      loop.After(std::chrono::milliseconds(1), look);
    }
  };
  look();
  if (!condition() && !late) loop.Run();
  loop.Cancel(limit);
  if (late) {
    std::string all;
    for (const std::string& line : lines_) all += line + "\n";
    FAIL() << "it did not happen; reported:\n" << all;
  }
}

void Zones::StartAll() {
  ASSERT_TRUE(table->Start().ok());
  RunUntil([this] { return all_ready; });
}

}  // namespace aisix::supervisor
