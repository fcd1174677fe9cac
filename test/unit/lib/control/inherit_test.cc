#include "lib/control/inherit.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <thread>

#include "lib/control/control_link.h"
#include "lib/control/message.h"
#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"

namespace aisix::control {
namespace {

class InheritTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<os::SocketPair> pair = os::CreatePacketPair();
    ASSERT_TRUE(pair.ok());
    supervisor_ = std::move(pair->first);
    worker_ = std::move(pair->second);
  }

  void Give(MessageType type, std::string name = {}, uint64_t number = 0, std::string text = {},
            const char* content = nullptr) {
    Message message;
    message.type = type;
    message.name = std::move(name);
    message.number = number;
    message.text = std::move(text);
    if (content != nullptr) message.fd = *os::CreateSealedFile("test", content);
    ASSERT_TRUE(Send(supervisor_.get(), message).ok());
  }

  os::UniqueFd supervisor_;
  os::UniqueFd worker_;
};

TEST_F(InheritTest, CollectsEverythingUntilTheBeginning) {
  Give(MessageType::kBoot, "proxy", 0, "", "{boot}");
  Message environment;
  environment.type = MessageType::kEnvironment;
  environment.fd = *os::CreateSealedFile("test", EncodeEnvironment({{"RUST_LOG", "info"}}));
  ASSERT_TRUE(Send(supervisor_.get(), environment).ok());
  Give(MessageType::kState, "", 0, "", "state");
  Give(MessageType::kListener, "proxy", 1, "", "second");
  Give(MessageType::kListener, "proxy", 0, "", "first");
  Give(MessageType::kListener, "proxy.1", 0, "", "other");
  Give(MessageType::kFile, "ca_bundle", 0, "", "certificates");
  Give(MessageType::kFile, "proxy.tls.key_file", 0, "Permission denied (os error 13)");
  Give(MessageType::kLink, "dial", 1, "client", "dial 1");
  Give(MessageType::kLink, "zone.proxy", 0, "server", "zone");
  Give(MessageType::kBegin);
  Give(MessageType::kDrain);

  absl::StatusOr<Inherited> inherited = Inherit(worker_.get());
  ASSERT_TRUE(inherited.ok()) << inherited.status();
  EXPECT_EQ(inherited->boot, "{boot}");
  EXPECT_EQ(inherited->environment.at("RUST_LOG"), "info");
  EXPECT_EQ(*os::ReadAll(inherited->state.get()), "state");
  const std::vector<os::UniqueFd> listeners = inherited->TakeListeners("proxy");
  ASSERT_EQ(listeners.size(), 2u);
  EXPECT_EQ(*os::ReadAll(listeners[0].get()), "first");
  EXPECT_EQ(*os::ReadAll(listeners[1].get()), "second");
  EXPECT_EQ(inherited->TakeListeners("proxy.1").size(), 1u);
  EXPECT_TRUE(inherited->TakeListeners("metrics").empty());
  EXPECT_EQ(*inherited->ReadFile("ca_bundle"), "certificates");
  EXPECT_EQ(inherited->ReadFile("proxy.tls.key_file").status().message(), "Permission denied (os error 13)");
  EXPECT_TRUE(absl::IsNotFound(inherited->ReadFile("resources_file").status()));
  ASSERT_EQ(inherited->links.size(), 2u);
  EXPECT_FALSE(inherited->links[0].server);
  EXPECT_TRUE(inherited->links[1].server);
  EXPECT_FALSE(inherited->TakeLink("dial", 0).valid());
  EXPECT_EQ(*os::ReadAll(inherited->TakeLink("dial", 1).get()), "dial 1");
  EXPECT_FALSE(inherited->TakeLink("dial", 1).valid());

  // What comes later stays in the socket for the control link.
  ControlLink link(std::move(worker_));
  absl::StatusOr<Message> next = link.Wait();
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->type, MessageType::kDrain);
}

TEST_F(InheritTest, WaitsForMessages) {
  std::thread supervisor([this] {
    Give(MessageType::kBoot, "proxy", 0, "", "{}");
    Give(MessageType::kBegin);
  });
  EXPECT_TRUE(Inherit(worker_.get()).ok());
  supervisor.join();
}

TEST_F(InheritTest, EndsWithTheSupervisor) {
  Give(MessageType::kBoot, "proxy", 0, "", "{}");
  supervisor_.reset();
  EXPECT_TRUE(absl::IsUnavailable(Inherit(worker_.get()).status()));
}

TEST_F(InheritTest, RefusesWhatDoesNotBelongIntoTheStart) {
  Give(MessageType::kStop);
  EXPECT_TRUE(absl::IsInvalidArgument(Inherit(worker_.get()).status()));
}

TEST_F(InheritTest, PortsComeAtTheStartOrLaterOrNever) {
  Give(MessageType::kBegin, "", kPortsGiven, "443,8000");
  absl::StatusOr<Inherited> inherited = Inherit(worker_.get());
  ASSERT_TRUE(inherited.ok());
  EXPECT_EQ(*AwaitPorts(*inherited, worker_.get()), PortSet({443, 8000}));

  Give(MessageType::kBegin, "", kPortsFollow);
  Give(MessageType::kFile, "hosts", 0, "", "newer");
  Give(MessageType::kReload, "", 0, "signal");
  Give(MessageType::kPorts, "", 0, "53");
  Give(MessageType::kDrain);
  inherited = Inherit(worker_.get());
  ASSERT_TRUE(inherited.ok());
  EXPECT_EQ(*AwaitPorts(*inherited, worker_.get()), PortSet({53}));
  EXPECT_EQ(*inherited->ReadFile("hosts"), "newer");
  EXPECT_EQ((**Receive(worker_.get())).type, MessageType::kDrain);

  Give(MessageType::kBegin);
  inherited = Inherit(worker_.get());
  ASSERT_TRUE(inherited.ok());
  EXPECT_TRUE(AwaitPorts(*inherited, worker_.get())->any());

  Give(MessageType::kBegin, "", kPortsFollow);
  inherited = Inherit(worker_.get());
  ASSERT_TRUE(inherited.ok());
  supervisor_.reset();
  EXPECT_TRUE(absl::IsUnavailable(AwaitPorts(*inherited, worker_.get()).status()));
}

TEST_F(InheritTest, ControlLinkSpeaksForTheWorker) {
  ControlLink link(std::move(worker_));
  EXPECT_FALSE(link.Receive()->has_value());
  ASSERT_TRUE(link.SendReady().ok());
  ASSERT_TRUE(link.SendInFlight(7).ok());
  ASSERT_TRUE(link.SendDestinationPorts(PortSet({80, 443})).ok());
  ASSERT_TRUE(link.SendFatal(std::string(100000, 'x')).ok());
  EXPECT_EQ((**Receive(supervisor_.get())).type, MessageType::kReady);
  EXPECT_EQ((**Receive(supervisor_.get())).number, 7u);
  const Message ports = **Receive(supervisor_.get());
  EXPECT_EQ(ports.type, MessageType::kDestinationPorts);
  EXPECT_EQ(ports.text, "80,443");
  const Message fatal = **Receive(supervisor_.get());
  EXPECT_EQ(fatal.type, MessageType::kFatal);
  EXPECT_TRUE(fatal.text.ends_with("(text was cut)"));
  supervisor_.reset();
  EXPECT_TRUE(absl::IsUnavailable(link.Receive().status()));
  EXPECT_TRUE(absl::IsUnavailable(link.Wait().status()));
}

}  // namespace
}  // namespace aisix::control
