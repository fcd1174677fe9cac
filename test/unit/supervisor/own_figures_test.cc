#include "supervisor/run/own_figures.h"

#include <gtest/gtest.h>

#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

TEST(OwnFigures, AreToldToTheMetricsZoneAlone) {
  Zones zones;
  zones.StartAll();
  OwnFigures figures(zones.loop, *zones.table, *os::ProcessStats::Open());
  figures.Tell();
  zones.RunUntil([&] { return zones.Reported(Zone::kMetrics, "figures"); });
  // What this process is, whatever it is: 0, 1 or 2.
  zones.RunUntil([&] {
    return zones.Reported(Zone::kMetrics, "measure capabilities 0") ||
           zones.Reported(Zone::kMetrics, "measure capabilities 1") ||
           zones.Reported(Zone::kMetrics, "measure capabilities 2");
  });
  zones.table->Send(Zone::kProxy, control::MessageType::kDrain);
  zones.RunUntil([&] { return zones.Reported(Zone::kProxy, "drain"); });
  EXPECT_FALSE(zones.Reported(Zone::kProxy, "figures"));
}

}  // namespace
}  // namespace aisix::supervisor
