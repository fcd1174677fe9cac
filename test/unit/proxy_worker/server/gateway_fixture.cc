#include "test/unit/proxy_worker/server/gateway_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "lib/metrics/text.h"
#include "lib/os/memory_file.h"

namespace aisix::proxy {
namespace {

constexpr std::chrono::seconds kPatience{10};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

RawClient::RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
}

void RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool RawClient::Fill() {
  char buffer[16384];
  const ssize_t size = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
  if (size <= 0) return false;
  received_.append(buffer, static_cast<size_t>(size));
  return true;
}

std::string RawClient::Receive(bool head_only) {
  size_t head_end;
  while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return std::exchange(received_, {});
  }
  head_end += 4;
  size_t total = head_end;
  if (!head_only) {
    const std::string head = Lower(received_.substr(0, head_end));
    const size_t length = head.find("\r\ncontent-length: ");
    if (length != std::string::npos) {
      total += static_cast<size_t>(std::atoll(head.c_str() + length + 18));
      while (received_.size() < total && Fill()) continue;
    } else if (head.find("\r\ntransfer-encoding: chunked") != std::string::npos) {
      size_t end;
      while ((end = received_.find("\r\n0\r\n\r\n", head_end - 2)) == std::string::npos) {
        if (!Fill()) return std::exchange(received_, {});
      }
      total = end + 7;
    }
  }
  std::string response = received_.substr(0, total);
  received_.erase(0, total);
  return response;
}

std::string RawClient::ReceiveAll() {
  while (Fill()) continue;
  return std::exchange(received_, {});
}

GatewayTest::GatewayTest() {
  config_.common.version = "9.9";
  config_.workers = 1;
  absl::StatusOr<os::UniqueFd> file = os::CreateMemoryFile("log");
  log_file_ = *std::move(file);
}

GatewayTest::~GatewayTest() {
  publisher_.Cancel();
  loop_.reset();  // before what it borrows
}

void GatewayTest::Start() {
  logger_ = std::make_unique<log::Logger>("proxy", *log::Filter::Parse("debug"), log_file_.get());
  families_ = std::make_unique<MetricFamilies>(registry_, config_.buckets);
  client_types_ = *ClientTypeRules::Compile(config_.client_type_rules);
  real_ip_ = *RealIpRules::Make(config_.trusted_proxies, config_.real_ip_header, config_.real_ip_recursive);
  environment_ = std::make_unique<ProxyEnvironment>(ProxyEnvironment{
      config_, *logger_, process_, reclaimer_, registry_, *families_, client_types_, real_ip_, handlers_});
  loop_ = std::make_unique<ProxyLoop>(*environment_, os::UniqueFd());
  publisher_.AddLoop(loop_->loop(), loop_->snapshots());

  os::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(socket.get(), 64), 0);
  socklen_t length = sizeof(address);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  config::ListenerSpec listener;
  listener.name = "proxy";
  loop_->AddListener(listener, std::move(socket));
  reclaimer_.Start();
  loop_->Start({});
  loop_->Accept();
}

void GatewayTest::Put(std::string_view kind, const std::string& id, const std::string& json) {
  const absl::Status status = builder_.Upsert(kind, id, json);
  ASSERT_TRUE(status.ok()) << status;
}

void GatewayTest::Publish(bool has_configuration) {
  ASSERT_TRUE(publisher_.Publish(builder_.Build(has_configuration, 1)));
}

std::string GatewayTest::Exchange(std::string_view request) {
  RawClient client(port_);
  client.Send(request);
  return client.Receive(request.starts_with("HEAD "));
}

std::string GatewayTest::Ask(std::string_view method, std::string_view target, std::string_view lines) {
  return Exchange(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nhost: gateway\r\n" +
                  std::string(lines) + "\r\n");
}

std::string GatewayTest::Post(std::string_view target, std::string_view body, std::string_view lines) {
  return Exchange("POST " + std::string(target) + " HTTP/1.1\r\nhost: gateway\r\ncontent-length: " +
                  std::to_string(body.size()) + "\r\n" + std::string(lines) + "\r\n" + std::string(body));
}

std::string GatewayTest::Metrics() const {
  return metrics::RenderText(registry_.Collect());
}

std::string GatewayTest::Log() const {
  return *os::ReadAll(log_file_.get());
}

void GatewayTest::Eventually(const std::function<bool()>& condition, std::string_view what) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "never happened: " << what;
      return;
    }
    std::this_thread::yield();
  }
}

}  // namespace aisix::proxy
