#include "metrics_worker/metrics_handler.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <thread>

#include "lib/ipc/rpc_server.h"
#include "lib/ipc/totals.h"
#include "lib/ipc/zone_service.h"
#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"

namespace aisix::metrics_zone {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Another zone, answering over a link like a real one.
class FakeZone {
 public:
  explicit FakeZone(const std::string& name)
      : counter_(registry_.AddCounter("test_" + name + "_total", {})),
        shard_(registry_.AddShard()),
        service_(name, registry_, nullptr, [this](std::string_view subject) -> std::optional<std::string> {
          if (hold.valid()) hold.wait();
          std::lock_guard lock(mutex);
          auto found = answers.find(subject);
          if (found == answers.end()) return std::nullopt;
          return found->second;
        }) {}
  void Count() { shard_.Get(counter_, {}).Add(); }
  // The client end of a fresh link.
  os::UniqueFd Link() {
    auto pair = os::CreateStreamPair();
    EXPECT_TRUE(pair.ok());
    server_.Attach(std::move(pair->first));
    return std::move(pair->second);
  }
  void Answer(const std::string& subject, const std::string& json) {
    std::lock_guard lock(mutex);
    answers[subject] = json;
  }

  std::shared_future<void> hold;  // when valid: status calls wait for it

 private:
  std::mutex mutex;
  std::map<std::string, std::string, std::less<>> answers;
  metrics::Registry registry_;
  metrics::CounterFamily counter_;
  metrics::Shard& shard_;
  ipc::ZoneService service_;
  ipc::RpcServer server_{{service_.service()}};
};

class MetricsHandlerTest : public ::testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void Start(MonitorOptions options) {
    options.version = "1.2.3";
    Stop();
    background_ = std::make_unique<Background>(loop_, 6);
    monitor_ = std::make_unique<ZoneMonitor>(loop_, *background_, nullptr, std::move(options));
    handler_ = std::make_unique<MetricsHandler>(*monitor_, "/metrics");
    server_ = std::make_unique<http::Server>(loop_, *handler_, http::ServerOptions());
    os::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address_;
    ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address_), &size), 0);
    ASSERT_EQ(listen(listener.get(), 16), 0);
    ASSERT_TRUE(server_->Listen(std::move(listener), false).ok());
    thread_ = std::thread([this] { loop_.Run(); });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    loop_.Stop();
    thread_.join();
    server_.reset();
    background_.reset();  // before the channels that its threads use
    monitor_.reset();
  }
  void TearDown() override { Stop(); }

  // Runs on the loop and waits for it.
  void OnLoop(const std::function<void()>& function) {
    std::promise<void> done;
    loop_.Post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }
  void Link(const std::string& zone, FakeZone& peer) {
    OnLoop([&] { monitor_->SetLink(zone, 1, peer.Link()); });
  }
  // The whole response.
  std::string Request(const std::string& method, const std::string& path) {
    os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address_), sizeof address_), 0);
    std::string head = method + " " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    EXPECT_EQ(send(fd.get(), head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
    std::string response;
    char buffer[4096];
    ssize_t received;
    while ((received = recv(fd.get(), buffer, sizeof buffer, 0)) > 0) response.append(buffer, received);
    return response;
  }
  std::string Get(const std::string& path) { return Request("GET", path); }
  static std::string Body(const std::string& response) {
    return response.substr(std::min(response.size(), response.find("\r\n\r\n") + 4));
  }

  async::Loop loop_;
  std::unique_ptr<Background> background_;
  std::unique_ptr<ZoneMonitor> monitor_;
  std::unique_ptr<MetricsHandler> handler_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
  sockaddr_in address_{};
};

TEST_F(MetricsHandlerTest, MetricsOfAllZonesAreMerged) {
  FakeZone proxy("proxy");
  FakeZone admin("admin");
  proxy.Count();
  admin.Count();
  Link("proxy", proxy);
  Link("admin", admin);
  OnLoop([&] {
    monitor_->SetState("proxy", "up", 2);
    monitor_->SetState("egress", "down: signal 9", 1);
  });
  std::string response = Get("/metrics");
  EXPECT_THAT(response, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(response, HasSubstr("content-type: text/plain; version=0.0.4\r\n"));
  EXPECT_THAT(response, HasSubstr("\ntest_proxy_total 1\n"));
  EXPECT_THAT(response, HasSubstr("\ntest_admin_total 1\n"));
  EXPECT_THAT(response, HasSubstr("\naisix_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(response, HasSubstr("\naisix_zone_up{zone=\"proxy\"} 1\n"));
  EXPECT_THAT(response, HasSubstr("\naisix_zone_up{zone=\"egress\"} 0\n"));
  EXPECT_THAT(response, HasSubstr("\naisix_zone_up{zone=\"metrics\"} 1\n"));
  EXPECT_THAT(response, HasSubstr("\naisix_zone_restarts_total{zone=\"proxy\"} 2\n"));
  EXPECT_THAT(response, HasSubstr("aisix_zone_answer_age_seconds{zone=\"proxy\"} "));
  EXPECT_THAT(response, Not(HasSubstr("aisix_zone_answer_age_seconds{zone=\"egress\"} ")));
}

TEST_F(MetricsHandlerTest, TheSupervisorSaysWhatItUses) {
  EXPECT_THAT(Get("/metrics"), Not(HasSubstr("zone=\"supervisor\"")));
  OnLoop([&] {
    os::ProcessSample sample;
    sample.resident_bytes = 4096;
    monitor_->SetSupervisor(sample);
    sample.open_files = 17;
    monitor_->SetSupervisor(sample);
  });
  const std::string response = Get("/metrics");
  EXPECT_THAT(response, HasSubstr("\nprocess_resident_memory_bytes{zone=\"supervisor\"} 4096\n"));
  EXPECT_THAT(response, HasSubstr("\nprocess_open_fds{zone=\"supervisor\"} 17\n"));
}

TEST_F(MetricsHandlerTest, TheLastAnswerOfADeadZoneIsServed) {
  auto proxy = std::make_unique<FakeZone>("proxy");
  proxy->Count();
  Link("proxy", *proxy);
  EXPECT_THAT(Get("/metrics"), HasSubstr("\ntest_proxy_total 1\n"));
  proxy.reset();
  EXPECT_THAT(Get("/metrics"), HasSubstr("\ntest_proxy_total 1\n"));
  FakeZone successor("proxy");
  successor.Count();
  successor.Count();
  Link("proxy", successor);
  EXPECT_THAT(Get("/metrics"), HasSubstr("\ntest_proxy_total 2\n"));
}

// One metrics worker hands over, and a worker that it has heard is gone before its successor can ask it.
TEST_F(MetricsHandlerTest, NoCounterFallsWhenAWorkerLeavesBetweenTwoMetricsWorkers) {
  auto old = std::make_unique<FakeZone>("proxy");
  old->Count();
  old->Count();
  Link("proxy", *old);
  EXPECT_THAT(Get("/metrics"), HasSubstr("\ntest_proxy_total 2\n"));
  absl::StatusOr<os::UniqueFd> file = os::CreateMemoryFile("totals");
  ASSERT_TRUE(file.ok());
  OnLoop([&] { ASSERT_TRUE(ipc::WriteTotals(file->get(), monitor_->Totals()).ok()); });

  Start({});
  Link("proxy", *old);
  old.reset();
  FakeZone successor("proxy");
  successor.Count();
  OnLoop([&] {
    monitor_->SetLink("proxy", 2, successor.Link());
    absl::StatusOr<ipc::Totals> totals = ipc::ReadTotals(file->get());
    ASSERT_TRUE(totals.ok());
    monitor_->OnEnded("metrics", 7, std::move(totals->families));
    for (ipc::LastAnswer& answer : totals->answers) monitor_->Inherit(std::move(answer));
  });
  EXPECT_THAT(Get("/metrics"), HasSubstr("\ntest_proxy_total 3\n"));
  OnLoop([&] {
    monitor_->OnEnded("proxy", 1,
                      std::vector{metrics::Single("test_proxy_total", metrics::FamilyType::kCounter, {}, 5)});
  });
  EXPECT_THAT(Get("/metrics"), HasSubstr("\ntest_proxy_total 6\n"));
}

// A zone that does not serve its link at all costs one deadline, and nothing else.
TEST_F(MetricsHandlerTest, ASilentZoneDoesNotHoldTheOthersUp) {
  MonitorOptions options;
  options.collect_limit = std::chrono::milliseconds(20);
  Start(std::move(options));
  auto silent = os::CreateStreamPair();
  ASSERT_TRUE(silent.ok());
  FakeZone admin("admin");
  admin.Count();
  Link("admin", admin);
  // The deadline that a silent zone gets is short here: let the answering one be heard first.
  while (Get("/metrics").find("\ntest_admin_total 1\n") == std::string::npos) {
  }
  OnLoop([&] { monitor_->SetLink("proxy", 1, std::move(silent->first)); });
  std::string response = Get("/metrics");
  EXPECT_THAT(response, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(response, HasSubstr("\ntest_admin_total 1\n"));
}

TEST_F(MetricsHandlerTest, ConfigStatusIsAdminsAnswerOrTheLastOne) {
  std::string before = Get("/status/config");
  EXPECT_THAT(before, HasSubstr("HTTP/1.1 503"));
  {
    FakeZone admin("admin");
    admin.Answer("config", R"({"state":"synced"})");
    Link("admin", admin);
    std::string response = Get("/status/config");
    EXPECT_THAT(response, HasSubstr("HTTP/1.1 200"));
    EXPECT_THAT(response, HasSubstr("content-type: application/json\r\n"));
    EXPECT_EQ(Body(response), R"({"state":"synced"})");
  }
  std::string after = Get("/status/config");
  EXPECT_THAT(after, HasSubstr("HTTP/1.1 200"));
  EXPECT_EQ(Body(after), R"({"state":"synced"})");
}

TEST_F(MetricsHandlerTest, ReadyStaysReady) {
  std::string before = Get("/status/ready");
  EXPECT_THAT(before, HasSubstr("HTTP/1.1 503"));
  EXPECT_THAT(before, HasSubstr("content-type: text/plain; charset=utf-8\r\n"));
  EXPECT_EQ(Body(before), "no configuration available");
  FakeZone admin("admin");
  admin.Answer("ready", "false");
  Link("admin", admin);
  EXPECT_THAT(Get("/status/ready"), HasSubstr("HTTP/1.1 503"));
  admin.Answer("ready", "true");
  std::string ready = Get("/status/ready");
  EXPECT_THAT(ready, HasSubstr("HTTP/1.1 200"));
  EXPECT_EQ(Body(ready), "ok");
  admin.Answer("ready", "false");
  EXPECT_THAT(Get("/status/ready"), HasSubstr("HTTP/1.1 200"));
}

TEST_F(MetricsHandlerTest, ModelsAreNeverOld) {
  {
    FakeZone admin("admin");
    admin.Answer("models", R"([{"id":"m"}])");
    Link("admin", admin);
    std::string response = Get("/status/models");
    EXPECT_THAT(response, HasSubstr("HTTP/1.1 200"));
    EXPECT_EQ(Body(response), R"([{"id":"m"}])");
  }
  std::string after = Get("/status/models");
  EXPECT_THAT(after, HasSubstr("HTTP/1.1 500"));
  EXPECT_THAT(after, HasSubstr("content-type: application/json\r\n"));
  EXPECT_EQ(Body(after), R"({"error_msg":"failed to list models"})");
}

TEST_F(MetricsHandlerTest, ASlowAdminDoesNotBlockOtherRequests) {
  std::promise<void> release;
  FakeZone admin("admin");
  admin.hold = release.get_future().share();
  admin.Answer("models", "[]");
  Link("admin", admin);
  auto models = std::async(std::launch::async, [&] { return Get("/status/models"); });
  EXPECT_THAT(Get("/status/zones"), HasSubstr("HTTP/1.1 200"));
  release.set_value();
  EXPECT_THAT(models.get(), HasSubstr("HTTP/1.1 200"));
}

TEST_F(MetricsHandlerTest, Zones) {
  OnLoop([&] { monitor_->SetState("proxy", "down: said \"no\"", 3); });
  std::string body = Body(Get("/status/zones"));
  EXPECT_THAT(body, HasSubstr(R"({"zone":"proxy","up":false,"state":"down: said \"no\"","restarts":3})"));
  EXPECT_THAT(body, HasSubstr(R"({"zone":"metrics","up":true,"state":"up","restarts":0})"));
}

TEST_F(MetricsHandlerTest, OtherPathsAndMethods) {
  for (const char* path : {"/", "/metric", "/metrics/", "/status", "/livez", "/status/configs"}) {
    std::string response = Get(path);
    EXPECT_THAT(response, HasSubstr("HTTP/1.1 404")) << path;
    EXPECT_EQ(Body(response), "") << path;
  }
  std::string post = Request("POST", "/metrics");
  EXPECT_THAT(post, HasSubstr("HTTP/1.1 405"));
  EXPECT_THAT(post, HasSubstr("allow: GET,HEAD\r\n"));
  EXPECT_EQ(Body(post), "");
  std::string head = Request("HEAD", "/metrics");
  EXPECT_THAT(head, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(head, HasSubstr("content-length: "));
  EXPECT_EQ(Body(head), "");
  EXPECT_THAT(Get("/metrics?name=x"), HasSubstr("HTTP/1.1 200"));
}

TEST(NormalisePath, Table) {
  EXPECT_EQ(NormalisePath(""), "/metrics");
  EXPECT_EQ(NormalisePath("  "), "/metrics");
  EXPECT_EQ(NormalisePath(" prom "), "/prom");
  EXPECT_EQ(NormalisePath("/a/b"), "/a/b");
}

}  // namespace
}  // namespace aisix::metrics_zone
