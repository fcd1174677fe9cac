#include "supervisor/process/process_table.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

TEST(ProcessTable, StartsTheProxyWhenItsSourcesAreReady) {
  Zones zones;
  zones.StartAll();
  const int proxy = zones.Position(Zone::kProxy, "started");
  EXPECT_GT(proxy, zones.Position(Zone::kEgress, "started"));
  EXPECT_GT(proxy, zones.Position(Zone::kAdmin, "started"));
  EXPECT_TRUE(zones.table->serving());
}

TEST(ProcessTable, NoProxyWhileAdminHasNothing) {
  Zones zones;
  zones.SetBehaviour(Zone::kAdmin, "silent");
  ASSERT_TRUE(zones.table->Start().ok());
  zones.RunUntil([&] {
    return zones.Reported(Zone::kMetrics, "zone metrics 0 up") &&
           zones.Reported(Zone::kMetrics, "zone egress 0 up");
  });
  EXPECT_FALSE(zones.table->IsRunning(Zone::kProxy));
  EXPECT_FALSE(zones.table->serving());
}

TEST(ProcessTable, EachZoneGetsItsOwnThingsAndNoOthers) {
  Zones zones({{"proxy", "ca_bundle", "/nowhere", false}});
  zones.StartAll();
  zones.RunUntil([&] {
    return zones.Reported(Zone::kProxy, "variable OF=proxy") && zones.Reported(Zone::kAdmin, "state ") &&
           zones.Reported(Zone::kMetrics, "variable OF=metrics");
  });
  EXPECT_TRUE(zones.Reported(Zone::kProxy, "listener proxy 0"));
  EXPECT_TRUE(zones.Reported(Zone::kProxy, "listener proxy 1"));
  EXPECT_TRUE(zones.Reported(Zone::kProxy, "file ca_bundle No such file or directory (os error 2)"));
  EXPECT_TRUE(zones.Reported(Zone::kMetrics, "listener metrics 0"));
  EXPECT_FALSE(zones.Reported(Zone::kMetrics, "listener proxy 0"));
  EXPECT_FALSE(zones.Reported(Zone::kEgress, "listener proxy 0"));
  EXPECT_FALSE(zones.Reported(Zone::kProxy, "state "));
  EXPECT_FALSE(zones.Reported(Zone::kProxy, "variable OF=admin"));
}

TEST(ProcessTable, EverybodyIsConnected) {
  Zones zones;
  zones.StartAll();
  const auto from = [&](Zone server, const std::string& link, Zone client) {
    return zones.Reported(server, fmt::format("link {} from {}", link, zones.table->PidOf(client)));
  };
  zones.RunUntil([&] {
    return from(Zone::kProxy, "config.proxy/0", Zone::kAdmin) &&
           from(Zone::kEgress, "config.egress/0", Zone::kAdmin) &&
           from(Zone::kEgress, "dial/0", Zone::kProxy) && from(Zone::kEgress, "dial/1", Zone::kProxy) &&
           from(Zone::kProxy, "zone.proxy/0", Zone::kMetrics) &&
           from(Zone::kAdmin, "zone.admin/0", Zone::kMetrics) &&
           from(Zone::kEgress, "zone.egress/0", Zone::kMetrics) &&
           from(Zone::kProxy, "health.proxy/0", Zone::kAdmin);
  });
}

TEST(ProcessTable, AKilledWorkerComesBackConnected) {
  Zones zones;
  zones.StartAll();
  for (const Zone zone : kZones) {
    const pid_t old = zones.table->PidOf(zone);
    ::kill(old, SIGKILL);
    zones.RunUntil([&] {
      const pid_t now = zones.table->PidOf(zone);
      return now != 0 && now != old && zones.Reported(zone, now, "started");
    });
  }
  EXPECT_TRUE(zones.fatal.empty());
  // Survivors and newcomers reach each other.
  zones.RunUntil([&] {
    const auto from = [&](Zone server, const std::string& link, Zone client) {
      return zones.Reported(server, zones.table->PidOf(server),
                            fmt::format("link {} from {}", link, zones.table->PidOf(client)));
    };
    return from(Zone::kProxy, "config.proxy/0", Zone::kAdmin) &&
           from(Zone::kEgress, "dial/1", Zone::kProxy) &&
           from(Zone::kEgress, "config.egress/0", Zone::kAdmin) &&
           from(Zone::kProxy, "zone.proxy/0", Zone::kMetrics);
  });
}

TEST(ProcessTable, MetricsLearnsWhatHappensToOthers) {
  Zones zones;
  zones.StartAll();
  ::kill(zones.table->PidOf(Zone::kProxy), SIGKILL);
  zones.RunUntil([&] {
    return zones.Reported(Zone::kMetrics, "zone proxy 0 down: signal SIGKILL (9)") &&
           zones.Reported(Zone::kMetrics, "zone proxy 1 down: starting") &&
           zones.Reported(Zone::kMetrics, "zone proxy 1 up");
  });
}

TEST(ProcessTable, ANewMetricsWorkerLearnsTheStateOfAll) {
  Zones zones;
  zones.StartAll();
  const pid_t old = zones.table->PidOf(Zone::kMetrics);
  ::kill(old, SIGKILL);
  zones.RunUntil([&] {
    const pid_t now = zones.table->PidOf(Zone::kMetrics);
    return now != old && zones.Reported(Zone::kMetrics, now, "zone proxy 0 up") &&
           zones.Reported(Zone::kMetrics, now, "zone admin 0 up") &&
           zones.Reported(Zone::kMetrics, now, "zone egress 0 up") &&
           zones.Reported(Zone::kMetrics, now, "zone metrics 1 up");
  });
}

TEST(ProcessTable, TheStateOfAdminOutlivesIt) {
  Zones zones;
  zones.StartAll();
  const pid_t old = zones.table->PidOf(Zone::kAdmin);
  ::kill(old, SIGKILL);
  zones.RunUntil([&] { return zones.Reported(Zone::kAdmin, fmt::format("state left by {}", old)); });
}

TEST(ProcessTable, AnEssentialZoneThatNeverCameUpIsFatal) {
  for (const Zone zone : {Zone::kEgress, Zone::kProxy}) {
    Zones zones;
    zones.SetBehaviour(zone, "exit");
    ASSERT_TRUE(zones.table->Start().ok());
    zones.RunUntil([&] { return !zones.fatal.empty(); });
    EXPECT_EQ(zones.fatal,
              fmt::format("the {} worker ended before it was ready: exit code 3", ZoneName(zone)));
  }
}

TEST(ProcessTable, TheReasonOfTheWorkerIsTheReasonOfTheProcess) {
  Zones zones;
  zones.SetBehaviour(Zone::kAdmin, "fatal");
  ASSERT_TRUE(zones.table->Start().ok());
  zones.RunUntil([&] { return !zones.fatal.empty(); });
  EXPECT_EQ(zones.fatal, "line 1\nline 2");
}

TEST(ProcessTable, LaterAWorkerThatCannotRunIsTriedAgain) {
  Zones zones;
  zones.StartAll();
  zones.SetBehaviour(Zone::kAdmin, "fatal");
  ::kill(zones.table->PidOf(Zone::kAdmin), SIGKILL);
  zones.RunUntil([&] { return zones.ended.size() >= 3; });  // killed, and twice by itself
  EXPECT_TRUE(zones.Reported(Zone::kMetrics, "zone admin 1 down: line 1"));
  zones.SetBehaviour(Zone::kAdmin, "ready");
  zones.RunUntil([&] {
    return std::any_of(zones.lines().begin(), zones.lines().end(), [](const std::string& line) {
      return line.find(" zone admin ") != std::string::npos && line.ends_with(" up") &&
             line.find(" zone admin 0 ") == std::string::npos;
    });
  });
  EXPECT_TRUE(zones.fatal.empty());
}

TEST(ProcessTable, AWorkerThatSendsGarbageIsKilled) {
  Zones zones;
  zones.SetBehaviour(Zone::kMetrics, "garbage");
  ASSERT_TRUE(zones.table->Start().ok());
  zones.RunUntil([&] { return !zones.ended.empty(); });
  EXPECT_EQ(zones.ended.front(), Zone::kMetrics);
}

TEST(ProcessTable, AMissingProgramIsFatal) {
  Zones zones;
  zones.programs.emplace("/nowhere");
  ASSERT_TRUE(zones.table->Start().ok());
  EXPECT_EQ(zones.fatal,
            "the egress worker ended before it was ready: program aisix-egress-worker is missing: looked for "
            "/nowhere/aisix-egress-worker and /nowhere/../libexec/aisix/aisix-egress-worker");
}

}  // namespace
}  // namespace aisix::supervisor
