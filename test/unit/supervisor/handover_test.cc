#include "supervisor/upgrade/handover.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "lib/os/memory_file.h"
#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

Handover Example() {
  Handover handover;
  handover.pid = 42;
  handover.config_path = "/etc/with blank\nand % line";
  handover.own_part = R"({"x": "y z"})";
  handover.environment = 5;
  handover.boot = {{"proxy", 6}, {"supervisor", 7}};
  handover.environments = {{"proxy", 8}};
  handover.listeners = {{"proxy", 0, 9}, {"proxy", 1, 10}};
  handover.watchdog_us = 30'000'000;
  handover.table.last_generation = 17;
  handover.table.admin_state = 11;
  handover.table.ports = control::PortSet({443, 8000});
  handover.table.workers = {{Zone::kProxy, 16, 1234, 12, 13, false, 99},
                            {Zone::kProxy, 4, 1200, 14, -1, true, -1}};
  handover.table.zones = {{Zone::kEgress, 3, true, 1, {{"SIGKILL", 2}, {"seccomp", 1}}}};
  handover.table.totals = {{Zone::kMetrics, 3, 15}};
  return handover;
}

TEST(Handover, ComesBackAsItWas) {
  const absl::StatusOr<Handover> back = DecodeHandover(Encode(Example()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(Encode(*back), Encode(Example()));
  EXPECT_EQ(back->config_path, Example().config_path);
  EXPECT_EQ(back->notify_socket, "");
  EXPECT_EQ(back->table.ports, control::PortSet({443, 8000}));
  EXPECT_EQ(back->table.workers[1].retiring, true);
  EXPECT_EQ(back->table.workers[0].ready_ms, 99);
  EXPECT_EQ(back->table.zones[0].exits.at("seccomp"), 1u);
  EXPECT_EQ(back->Descriptors(), (std::vector<int>{5, 11, 6, 7, 8, 9, 10, 12, 13, 14, 15}));
}

TEST(Handover, ALaterBuildMayAdd) {
  std::string text = Encode(Example());
  text.insert(text.find("table "), "something new 1 2 3\n");
  text.insert(text.find('\n', text.find("service ")), " more");
  const absl::StatusOr<Handover> back = DecodeHandover(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(Encode(*back), Encode(Example()));
}

TEST(Handover, EveryCutIsSeen) {
  const std::string text = Encode(Example());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeHandover(text.substr(0, size)).ok()) << size;
  }
}

TEST(Handover, NonsenseIsRefused) {
  const auto changed = [](std::string_view from, std::string_view to) {
    std::string text = Encode(Example());
    text.replace(text.find(from), from.size(), to);
    return DecodeHandover(text).status().code();
  };
  EXPECT_EQ(changed("aisix-handover", "other"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(changed("worker proxy", "worker nobody"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(changed("process 42", "process 4x2"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(changed("%0a", "%0g"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(changed("process 42", "process 0"), absl::StatusCode::kInvalidArgument);
}

// The descriptors of `handover` are this one.
Handover WithDescriptor(Handover handover, int fd) {
  handover.environment = handover.table.admin_state = fd;
  handover.boot = {{"supervisor", fd}};
  handover.environments = {{"supervisor", fd}};
  handover.listeners.clear();
  handover.table.workers.clear();
  handover.table.totals.clear();
  return handover;
}

TEST(Handover, OnlyTheSameProcessTakesIt) {
  const os::UniqueFd open(::open("/dev/null", O_RDONLY));
  const os::UniqueFd file = *os::CreateSealedFile("handover", Encode(WithDescriptor(Example(), open.get())));
  EXPECT_TRUE(TakeHandover(file.get(), 42).ok());
  EXPECT_EQ(::fcntl(open.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(TakeHandover(file.get(), 43).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Handover, ItIsSealedAndItsDescriptorsAreOpen) {
  const os::UniqueFd open(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  os::UniqueFd writable = *os::CreateMemoryFile("handover");
  ASSERT_TRUE(os::WriteAll(writable.get(), Encode(WithDescriptor(Example(), open.get()))).ok());
  EXPECT_EQ(TakeHandover(writable.get(), 42).status().code(), absl::StatusCode::kFailedPrecondition);
  const int closed = 1 << 30;  // above every limit
  const os::UniqueFd file = *os::CreateSealedFile("handover", Encode(WithDescriptor(Example(), closed)));
  EXPECT_EQ(TakeHandover(file.get(), 42).status().code(), absl::StatusCode::kFailedPrecondition);
}

// Copies of the descriptors, as the next image would find them.
TableState Copied(TableState state) {
  const auto copy = [](int& fd) {
    if (fd >= 0) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  };
  copy(state.admin_state);
  for (TableState::Worker& worker : state.workers) {
    copy(worker.control);
    copy(worker.totals);
  }
  for (TableState::Totals& totals : state.totals) copy(totals.file);
  return state;
}

TEST(TableState, AnotherTableGoesOnWithTheWorkers) {
  Zones zones;
  zones.StartAll();
  ::kill(zones.table->PidOf(Zone::kAdmin), SIGKILL);
  zones.RunUntil([&] { return zones.Reported(Zone::kMetrics, "zone admin 1 up"); });
  bool replaced = false;
  zones.table->Replace(Zone::kEgress, [&](const absl::Status& status) { replaced = status.ok(); });
  zones.RunUntil([&] { return replaced && zones.Reported(Zone::kMetrics, "exits egress exit_0 1"); });

  std::map<Zone, pid_t> pids;
  for (const Zone zone : kZones) pids[zone] = zones.table->PidOf(zone);
  const TableState state = zones.table->Save();
  EXPECT_EQ(state.workers.size(), 4u);
  EXPECT_EQ(state.totals.size(), 1u);
  ASSERT_TRUE(state.zones.size() == 4 && state.zones[1].zone == Zone::kAdmin);
  EXPECT_EQ(state.zones[1].restarts, 1u);
  EXPECT_EQ(state.zones[1].exits, (std::map<std::string, uint64_t>{{"SIGKILL", 1}}));

  const TableState copied = Copied(state);
  const std::vector<std::string> before = zones.lines();
  for (const TableState::Worker& worker : state.workers) zones.loop.Unwatch(worker.control);
  zones.table.emplace(zones.loop, zones.logger,
                      Inheritance{*zones.programs, zones.parts, *zones.listeners, zones.files, 2},
                      ProcessTable::Hooks{[] {}, [&](std::string reason) { zones.fatal = std::move(reason); },
                                          [&](Zone zone) { zones.ended.push_back(zone); }, [](uint64_t) {}});
  zones.ended.clear();
  zones.table->Resume(copied);
  EXPECT_TRUE(zones.table->serving());
  for (const Zone zone : kZones) {
    EXPECT_EQ(zones.table->PidOf(zone), pids[zone]);
    EXPECT_TRUE(zones.table->IsReady(zone));
  }
  // It hears them, replaces them, and sees their end.
  replaced = false;
  zones.table->Replace(Zone::kMetrics, [&](const absl::Status& status) { replaced = status.ok(); });
  zones.RunUntil([&] { return replaced && zones.ended == std::vector<Zone>{Zone::kMetrics}; });
  const pid_t metrics = zones.table->PidOf(Zone::kMetrics);
  EXPECT_NE(metrics, pids[Zone::kMetrics]);
  ::kill(pids[Zone::kAdmin], SIGKILL);
  zones.RunUntil([&] { return zones.Reported(Zone::kMetrics, metrics, "zone admin 2 up"); });
  EXPECT_TRUE(zones.Reported(Zone::kMetrics, metrics, "exits admin SIGKILL 2"));
  EXPECT_TRUE(zones.Reported(Zone::kMetrics, metrics, "exits egress exit_0 1"));
}

}  // namespace
}  // namespace aisix::supervisor
