#include "supervisor/process/egress_ports.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EgressPortsTest : public ::testing::Test {
 protected:
  void SetUp() override { zones_.StartAll(); }

  // The worker of this zone says that these are the ports of all destinations.
  void Tell(Zone zone, const std::string& ports) {
    control::Message message;
    message.type = control::MessageType::kReload;
    message.text = "ports " + ports;
    zones_.table->Send(zone, message);
  }
  pid_t Egress() const { return zones_.table->PidOf(Zone::kEgress); }
  bool Told(const std::string& text) const { return zones_.Reported(Zone::kEgress, Egress(), text); }
  // Whether egress must be replaced; told by a line that comes after what was said before.
  void WaitForRequest() {
    zones_.RunUntil([&] { return !zones_.to_replace.empty(); });
    EXPECT_THAT(zones_.to_replace, ElementsAre(Zone::kEgress));
    zones_.to_replace.clear();
  }
  void Replace() {
    const pid_t old = Egress();
    bool replaced = false;
    zones_.table->Replace(Zone::kEgress, [&](const absl::Status& status) { replaced = status.ok(); });
    zones_.RunUntil([&] { return replaced; });
    ASSERT_NE(Egress(), old);
  }
  void KillEgress() {
    const pid_t old = Egress();
    ::kill(old, SIGKILL);
    zones_.RunUntil([&] { return Egress() != old && zones_.table->IsReady(Zone::kEgress); });
  }

  Zones zones_;
};

TEST_F(EgressPortsTest, TheFirstEgressWaitsForThem) {
  zones_.RunUntil([&] { return Told(fmt::format("port-news {} ", control::kPortsFollow)); });
  EXPECT_TRUE(zones_.Reported(Zone::kAdmin, fmt::format("port-news {} ", control::kPortsWanted)));
  EXPECT_FALSE(zones_.Reported(Zone::kProxy, "port-news 0 "));
  Tell(Zone::kAdmin, "443");
  zones_.RunUntil([&] { return Told("ports 443"); });
  EXPECT_THAT(zones_.to_replace, IsEmpty());
}

TEST_F(EgressPortsTest, OneThatIsStartedLaterKnowsThem) {
  Tell(Zone::kAdmin, "80,443");
  zones_.RunUntil([&] { return Told("ports 80,443"); });
  KillEgress();
  zones_.RunUntil([&] { return Told(fmt::format("port-news {} 80,443", control::kPortsGiven)); });
}

TEST_F(EgressPortsTest, AnotherPortNeedsAnotherWorker) {
  Tell(Zone::kAdmin, "443");
  Tell(Zone::kAdmin, "443,8000");
  WaitForRequest();
  Replace();
  zones_.RunUntil([&] { return Told(fmt::format("port-news {} 443,8000", control::kPortsGiven)); });
  EXPECT_THAT(zones_.to_replace, IsEmpty());
}

// What is not needed any more is taken away from the next one.
TEST_F(EgressPortsTest, FewerPortsNeedNone) {
  Tell(Zone::kAdmin, "443,8000");
  Tell(Zone::kAdmin, "443");
  Tell(Zone::kAdmin, "443,8000");
  Tell(Zone::kAdmin, "443");
  Tell(Zone::kAdmin, "443,9000");  // the only one that egress lacks
  WaitForRequest();
  Tell(Zone::kAdmin, "443");
  zones_.RunUntil([&] { return zones_.Reported(Zone::kAdmin, "reload ports 443"); });
  KillEgress();
  zones_.RunUntil([&] { return Told(fmt::format("port-news {} 443", control::kPortsGiven)); });
}

// The successor that is just starting does not know the latest.
TEST_F(EgressPortsTest, ASuccessorMayBeTooNarrowAlready) {
  Tell(Zone::kAdmin, "443");
  zones_.RunUntil([&] { return Told("ports 443"); });
  zones_.SetBehaviour(Zone::kEgress, "silent");
  bool ended = false;
  zones_.table->Replace(Zone::kEgress, [&](const absl::Status&) { ended = true; });
  Tell(Zone::kAdmin, "443,8000");
  WaitForRequest();
  EXPECT_FALSE(ended);
}

TEST_F(EgressPortsTest, NobodyElseIsAsked) {
  Tell(Zone::kProxy, "1");
  zones_.RunUntil([&] { return zones_.Reported(Zone::kProxy, "reload ports 1"); });
  Tell(Zone::kAdmin, "443");
  zones_.RunUntil([&] { return Told("ports 443"); });
  EXPECT_FALSE(Told("ports 1"));
}

}  // namespace
}  // namespace aisix::supervisor
