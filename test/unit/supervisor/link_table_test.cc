#include "supervisor/process/link_table.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace aisix::supervisor {
namespace {

using control::Message;

// What the workers would hold.
class LinkTableTest : public ::testing::Test {
 protected:
  void Start(Zone zone) {
    std::vector<Message> own;
    ASSERT_TRUE(table_
                    .Connect(
                        zone, [this](Zone peer) { return running_.contains(peer); },
                        [this](Zone peer, Message message) { Take(peer, std::move(message)); }, own)
                    .ok());
    running_.insert(zone);
    for (Message& message : own) Take(zone, std::move(message));
  }

  void End(Zone zone) {
    running_.erase(zone);
    held_.erase(zone);
    table_.Disconnect(zone);
  }

  void Take(Zone zone, Message message) {
    EXPECT_EQ(message.type, control::MessageType::kLink);
    held_[zone].insert_or_assign(message.name + "/" + std::to_string(message.number), std::move(message));
  }

  // A byte sent by the client arrives at the server.
  bool Connected(Zone client, Zone server, const std::string& link) {
    if (!held_[client].contains(link) || !held_[server].contains(link)) return false;
    const Message& from = held_[client].at(link);
    const Message& to = held_[server].at(link);
    EXPECT_EQ(from.text, "client");
    EXPECT_EQ(to.text, "server");
    char byte = 'x';
    return ::write(from.fd.get(), &byte, 1) == 1 && ::read(to.fd.get(), &byte, 1) == 1;
  }

  void ExpectAllConnected() {
    EXPECT_TRUE(Connected(Zone::kAdmin, Zone::kProxy, "config.proxy/0"));
    EXPECT_TRUE(Connected(Zone::kAdmin, Zone::kEgress, "config.egress/0"));
    EXPECT_TRUE(Connected(Zone::kAdmin, Zone::kProxy, "health.proxy/0"));
    EXPECT_TRUE(Connected(Zone::kMetrics, Zone::kProxy, "zone.proxy/0"));
    EXPECT_TRUE(Connected(Zone::kMetrics, Zone::kAdmin, "zone.admin/0"));
    EXPECT_TRUE(Connected(Zone::kMetrics, Zone::kEgress, "zone.egress/0"));
    for (int loop = 0; loop < 3; ++loop) {
      EXPECT_TRUE(Connected(Zone::kProxy, Zone::kEgress, "dial/" + std::to_string(loop)));
    }
  }

  LinkTable table_{3};
  std::set<Zone> running_;
  std::map<Zone, std::map<std::string, Message>> held_;
};

TEST_F(LinkTableTest, ConnectsEverybodyAtTheStart) {
  for (const Zone zone : kZones) Start(zone);
  ExpectAllConnected();
}

TEST_F(LinkTableTest, GivesNobodyAnotherLink) {
  for (const Zone zone : kZones) Start(zone);
  EXPECT_EQ(held_[Zone::kProxy].size(), 3u + 3u);
  EXPECT_EQ(held_[Zone::kAdmin].size(), 4u);
  EXPECT_EQ(held_[Zone::kMetrics].size(), 3u);
  EXPECT_EQ(held_[Zone::kEgress].size(), 2u + 3u);
}

TEST_F(LinkTableTest, DiallingKeepsPackets) {
  for (const Zone zone : kZones) Start(zone);
  const auto type = [](const Message& message) {
    int value = 0;
    socklen_t size = sizeof(value);
    ::getsockopt(message.fd.get(), SOL_SOCKET, SO_TYPE, &value, &size);
    return value;
  };
  EXPECT_EQ(type(held_[Zone::kProxy].at("dial/0")), SOCK_SEQPACKET);
  EXPECT_EQ(type(held_[Zone::kProxy].at("config.proxy/0")), SOCK_STREAM);
}

TEST_F(LinkTableTest, AReplacedWorkerIsConnectedAgain) {
  for (const Zone zone : kZones) Start(zone);
  for (const Zone zone : kZones) {
    End(zone);
    Start(zone);
    ExpectAllConnected();
  }
}

TEST_F(LinkTableTest, SeveralDeathsAtOnce) {
  for (const Zone zone : kZones) Start(zone);
  End(Zone::kProxy);
  End(Zone::kAdmin);
  Start(Zone::kProxy);
  End(Zone::kProxy);
  Start(Zone::kAdmin);
  Start(Zone::kProxy);
  ExpectAllConnected();
}

TEST_F(LinkTableTest, NoThirdCopySoThatDeathIsSeen) {
  for (const Zone zone : kZones) Start(zone);
  End(Zone::kEgress);
  char byte;
  EXPECT_EQ(::read(held_[Zone::kProxy].at("dial/0").fd.get(), &byte, 1), 0);
  EXPECT_EQ(::read(held_[Zone::kAdmin].at("config.egress/0").fd.get(), &byte, 1), 0);
}

}  // namespace
}  // namespace aisix::supervisor
