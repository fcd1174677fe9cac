// The notify socket and what is said on it, against a receiver like systemd's.
#include "supervisor/service/service_manager.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/os/unique_fd.h"

namespace aisix::supervisor {
namespace {

using std::chrono::milliseconds;

class Receiver {
 public:
  // As in NOTIFY_SOCKET.
  explicit Receiver(const std::string& address) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address.data(), address.size());
    if (address[0] == '@') name.sun_path[0] = '\0';
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const size_t size = offsetof(sockaddr_un, sun_path) + address.size() + (address[0] == '@' ? 0 : 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), static_cast<socklen_t>(size)),
              0);
  }

  int fd() const { return socket_.get(); }

  // What is there.
  std::vector<std::string> Take() const {
    std::vector<std::string> messages;
    char buffer[4096];
    ssize_t size;
    while ((size = ::recv(socket_.get(), buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0) {
      messages.emplace_back(buffer, static_cast<size_t>(size));
    }
    return messages;
  }

 private:
  os::UniqueFd socket_;
};

class ServiceManagerTest : public ::testing::Test {
 protected:
  ServiceManagerTest()
      : address_(fmt::format("@aisix-test-{}", ::getpid())),
        receiver_(address_),
        notify_(*NotifySocket::Open(address_)),
        logger_("test", *log::Filter::Choose("off", nullptr)) {}

  std::unique_ptr<ServiceManager> Make(milliseconds watchdog = milliseconds(0),
                                       milliseconds patience = std::chrono::seconds(10)) {
    return std::make_unique<ServiceManager>(loop_, logger_,
                                            ServiceManager::Options{&notify_, watchdog, patience},
                                            [this](Zone zone) { return ready_.contains(zone); });
  }
  // Runs the loop until so many heartbeats were sent, or a timer says stop.
  void RunUntilBeats(int count) {
    loop_.Watch(receiver_.fd(), [this, count, seen = 0]() mutable {
      for (const std::string& message : receiver_.Take()) seen += message == "WATCHDOG=1" ? 1 : 0;
      if (seen >= count) loop_.Stop();
    });
    loop_.Run();
    loop_.Unwatch(receiver_.fd());
  }

  const std::string address_;
  Receiver receiver_;
  NotifySocket notify_;
  EventLoop loop_;
  log::Logger logger_;
  std::set<Zone> ready_{Zone::kEgress, Zone::kAdmin, Zone::kMetrics, Zone::kProxy};
};

using Messages = std::vector<std::string>;

TEST_F(ServiceManagerTest, FromStartToEnd) {
  const auto service = Make();
  service->OnServing();
  EXPECT_EQ(receiver_.Take(), (Messages{"STATUS=Starting", "READY=1\nSTATUS=Serving"}));
  service->BeginReload();
  service->EndReload();
  const Messages reload = receiver_.Take();
  ASSERT_EQ(reload.size(), 2u);
  EXPECT_TRUE(reload[0].starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reload[0];
  EXPECT_TRUE(reload[0].ends_with("\nSTATUS=Reloading")) << reload[0];
  EXPECT_EQ(reload[1], "READY=1\nSTATUS=Serving");
  service->OnStopping("Draining");
  service->BeginReload();
  service->EndReload();
  service->OnZoneChanged();
  EXPECT_EQ(receiver_.Take(), (Messages{"STOPPING=1\nSTATUS=Draining"}));
}

TEST_F(ServiceManagerTest, NoReloadBeforeItServes) {
  const auto service = Make();
  service->BeginReload();
  service->EndReload();
  service->OnZoneChanged();
  EXPECT_EQ(receiver_.Take(), (Messages{"STATUS=Starting"}));
}

TEST_F(ServiceManagerTest, TheStatusNamesZonesThatAreDown) {
  const auto service = Make();
  service->OnServing();
  receiver_.Take();
  ready_ = {Zone::kEgress, Zone::kProxy};
  service->OnZoneChanged();
  service->OnZoneChanged();
  ready_.insert(Zone::kMetrics);
  ready_.insert(Zone::kAdmin);
  service->OnZoneChanged();
  EXPECT_EQ(receiver_.Take(), (Messages{"STATUS=Serving; not ready: admin, metrics", "STATUS=Serving"}));
}

TEST_F(ServiceManagerTest, TheHeartbeatBeginsWithServing) {
  const auto service = Make(milliseconds(20));
  EXPECT_EQ(receiver_.Take(), (Messages{"STATUS=Starting"}));
  service->OnServing();
  EXPECT_EQ(receiver_.Take(), (Messages{"READY=1\nSTATUS=Serving", "WATCHDOG=1"}));
  RunUntilBeats(3);
  service->OnStopping("Draining");
  RunUntilBeats(3);  // until the end
}

TEST_F(ServiceManagerTest, ADeadWorkerDoesNotStopTheHeartbeatAtOnce) {
  const auto service = Make(milliseconds(20));
  service->OnServing();
  ready_.erase(Zone::kProxy);
  service->OnZoneChanged();
  RunUntilBeats(3);
}

TEST_F(ServiceManagerTest, AGatewayThatCannotServeIsGivenUp) {
  for (const Zone zone : {Zone::kProxy, Zone::kEgress}) {
    const auto service = Make(milliseconds(20), milliseconds(0));
    service->OnServing();
    ready_.erase(zone);
    service->OnZoneChanged();
    receiver_.Take();
    loop_.After(milliseconds(200), [this] { loop_.Stop(); });
    loop_.Run();
    // One each 10 ms, for 20 ms.
    const Messages messages = receiver_.Take();
    EXPECT_LE(std::count(messages.begin(), messages.end(), "WATCHDOG=1"), 2);
    ready_.insert(zone);
    service->OnZoneChanged();
    RunUntilBeats(2);
  }
}

TEST_F(ServiceManagerTest, TheOtherZonesMayBeDown) {
  const auto service = Make(milliseconds(20), milliseconds(0));
  service->OnServing();
  ready_ = {Zone::kProxy, Zone::kEgress};
  service->OnZoneChanged();
  RunUntilBeats(6);
}

TEST(NotifySocket, APathTakesMessages) {
  std::string directory = ::testing::TempDir() + "notify-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/socket";
  absl::StatusOr<NotifySocket> notify = NotifySocket::Open(path);
  ASSERT_TRUE(notify.ok()) << notify.status();
  EXPECT_FALSE(notify->Send("READY=1").ok());  // nobody is there yet
  {
    const Receiver receiver(path);
    EXPECT_TRUE(notify->Send("READY=1").ok());
    EXPECT_EQ(receiver.Take(), (Messages{"READY=1"}));
  }
  std::filesystem::remove(path);
  const Receiver restarted(path);
  EXPECT_TRUE(notify->Send("STOPPING=1").ok());
  EXPECT_EQ(restarted.Take(), (Messages{"STOPPING=1"}));
  std::filesystem::remove_all(directory);
}

TEST(NotifySocket, OtherAddressesAreRefused) {
  for (const std::string& address : {std::string(), std::string("/"), std::string("relative"),
                                     std::string("vsock:2:1"), std::string(200, '/')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(NotifySocket::Open(address).status())) << address;
  }
}

}  // namespace
}  // namespace aisix::supervisor
