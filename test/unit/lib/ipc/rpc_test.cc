#include <dirent.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "lib/ipc/rpc_channel.h"
#include "lib/ipc/rpc_server.h"
#include "lib/ipc/zone_client.h"
#include "lib/ipc/zone_service.h"
#include "lib/os/socket_pair.h"

namespace aisix::ipc {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong(20000);

size_t OpenDescriptors() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

// A zone worker as far as links go: dies when it is destroyed.
class Worker {
 public:
  explicit Worker(std::string answer)
      : service_("test", registry_, nullptr,
                 [answer](std::string_view) { return std::optional<std::string>(answer); }),
        server_({service_.service()}) {}
  RpcServer& server() { return server_; }

 private:
  metrics::Registry registry_;
  ZoneService service_;
  RpcServer server_;
};

TEST(RpcChannel, NoLinkIsUnavailable) {
  RpcChannel channel("test");
  EXPECT_EQ(channel.Get(), nullptr);
  EXPECT_TRUE(absl::IsUnavailable(QueryStatus(channel, "x", kLong).status()));
}

TEST(RpcChannel, CallsWaitForAServerThatComesLater) {
  auto pair = os::CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  RpcChannel channel("test", std::move(pair->first));
  std::promise<void> calling;
  auto answer = std::async(std::launch::async, [&] {
    calling.set_value();
    return QueryStatus(channel, "x", kLong);
  });
  calling.get_future().wait();
  Worker worker("late");
  worker.server().Attach(std::move(pair->second));
  absl::StatusOr<std::optional<std::string>> result = answer.get();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(**result, "late");
}

TEST(RpcChannel, ADeadlineEndsACallToASilentPeer) {
  auto pair = os::CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  RpcChannel channel("test", std::move(pair->first));
  EXPECT_TRUE(absl::IsDeadlineExceeded(QueryStatus(channel, "x", milliseconds(20)).status()));
}

TEST(RpcChannel, FiftyReplacementsOfTheServer) {
  RpcChannel channel("test");
  size_t before = 0;
  size_t most = 0;
  for (int i = 0; i < 50; ++i) {
    auto pair = os::CreateStreamPair();
    ASSERT_TRUE(pair.ok());
    Worker worker(std::to_string(i));
    worker.server().Attach(std::move(pair->second));
    channel.Replace(std::move(pair->first));
    EXPECT_EQ(channel.generation(), static_cast<uint64_t>(i + 1));
    absl::StatusOr<std::optional<std::string>> answer = QueryStatus(channel, "x", kLong);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(**answer, std::to_string(i));
    if (i == 10) before = OpenDescriptors();
    if (i > 10) most = std::max(most, OpenDescriptors());
  }
  // Descriptors close on gRPC's threads, a little later; a leak would be one or two per replacement.
  EXPECT_LT(most, before + 20);
  EXPECT_FALSE(QueryStatus(channel, "x", kLong).ok());
}

TEST(RpcChannel, FiftyReplacementsOfTheClient) {
  Worker worker("same");
  for (int i = 0; i < 50; ++i) {
    auto pair = os::CreateStreamPair();
    ASSERT_TRUE(pair.ok());
    worker.server().Attach(std::move(pair->second));
    RpcChannel channel("test", std::move(pair->first));
    absl::StatusOr<std::optional<std::string>> answer = QueryStatus(channel, "x", kLong);
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
}

TEST(RpcServer, ADeadWorkerIsUnavailable) {
  auto pair = os::CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  RpcChannel channel("test", std::move(pair->first));
  auto worker = std::make_unique<Worker>("x");
  worker->server().Attach(std::move(pair->second));
  ASSERT_TRUE(QueryStatus(channel, "x", kLong).ok());
  worker.reset();
  EXPECT_TRUE(absl::IsUnavailable(QueryStatus(channel, "x", kLong).status()));
}

TEST(RpcServer, ShutdownLetsARunningCallFinish) {
  metrics::Registry registry;
  std::promise<void> entered;
  std::promise<void> leave;
  std::shared_future<void> may_leave = leave.get_future().share();
  ZoneService service("test", registry, nullptr, [&](std::string_view) {
    entered.set_value();
    may_leave.wait();
    return std::optional<std::string>("finished");
  });
  RpcServer server({service.service()});
  auto pair = os::CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  server.Attach(std::move(pair->second));
  RpcChannel channel("test", std::move(pair->first));
  auto answer = std::async(std::launch::async, [&] { return QueryStatus(channel, "x", kLong); });
  entered.get_future().wait();
  std::thread shutdown([&] { server.Shutdown(kLong); });
  leave.set_value();
  absl::StatusOr<std::optional<std::string>> result = answer.get();
  shutdown.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(**result, "finished");
  server.Shutdown(kLong);  // again: nothing
}

}  // namespace
}  // namespace aisix::ipc
