// The real aisix-proxy-worker, with this test as its supervisor, admin zone, egress zone and provider.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "lib/config/zone_config.h"
#include "lib/control/environment.h"
#include "lib/control/message.h"
#include "lib/crypto/sha256.h"
#include "lib/ipc/dial_protocol.h"
#include "lib/ipc/rpc_channel.h"
#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"
#include "proto/config.grpc.pb.h"
#include "proto/zone.grpc.pb.h"
#include "test/unit/proxy_worker/server/gateway_fixture.h"

namespace aisix::proxy {
namespace {

using control::MessageType;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kPatienceMs = 20000;

struct Listening {
  os::UniqueFd socket;
  uint16_t port = 0;
};

Listening Listen() {
  Listening result;
  result.socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  EXPECT_EQ(::bind(result.socket.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::listen(result.socket.get(), 16), 0);
  ::getsockname(result.socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  result.port = ntohs(address.sin_port);
  return result;
}

// Answers every connection with one fixed completion, and keeps what it was asked.
class Provider {
 public:
  Provider() : listening_(Listen()), thread_([this] { Run(); }) {}
  ~Provider() {
    ::shutdown(listening_.socket.get(), SHUT_RDWR);
    thread_.join();
  }
  uint16_t port() const { return listening_.port; }
  const std::string& asked() const { return asked_; }  // after an exchange that ended

 private:
  void Run() {
    for (;;) {
      const os::UniqueFd connection(::accept4(listening_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection.valid()) return;
      std::string request;
      char buffer[8192];
      while (request.find("\"messages\"") == std::string::npos || !request.ends_with("}")) {
        const ssize_t size = ::recv(connection.get(), buffer, sizeof(buffer), 0);
        if (size <= 0) break;
        request.append(buffer, static_cast<size_t>(size));
      }
      asked_ = request;
      const std::string body =
          R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}})";
      const std::string response =
          "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
      ::send(connection.get(), response.data(), response.size(), MSG_NOSIGNAL);
    }
  }

  Listening listening_;
  std::string asked_;
  std::thread thread_;
};

// Plays the egress zone on one dial link: connects to numeric addresses.
class Egress {
 public:
  explicit Egress(os::UniqueFd link) : link_(std::move(link)), thread_([this] { Run(); }) {}
  ~Egress() {
    ::shutdown(link_.get(), SHUT_RDWR);
    thread_.join();
  }

 private:
  void Run() {
    for (;;) {
      pollfd watched{link_.get(), POLLIN, 0};
      ::poll(&watched, 1, -1);
      absl::StatusOr<std::optional<ipc::DialRequest>> request = ipc::ReceiveDialRequest(link_.get());
      if (!request.ok()) return;
      if (!request->has_value() || (*request)->cancel) continue;
      const std::string& destination = (*request)->destination;
      const size_t colon = destination.rfind(':');
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(static_cast<uint16_t>(std::stoi(destination.substr(colon + 1))));
      inet_pton(AF_INET, destination.substr(0, colon).c_str(), &address.sin_addr);
      ipc::DialReply reply;
      reply.id = (*request)->id;
      reply.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (::connect(reply.fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
        reply.fd.reset();
        reply.outcome = ipc::DialOutcome::kConnectFailed;
        reply.reason = "connection refused";
      }
      (void)ipc::SendDialReply(link_.get(), reply);
    }
  }

  os::UniqueFd link_;
  std::thread thread_;
};

class WorkerProcessTest : public testing::Test {
 protected:
  ~WorkerProcessTest() override {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void Send(MessageType type, const std::string& name = "", os::UniqueFd fd = {}, uint64_t number = 0,
            const std::string& text = "") {
    control::Message message;
    message.type = type;
    message.name = name;
    message.number = number;
    message.text = text;
    message.fd = std::move(fd);
    ASSERT_TRUE(control::Send(control_.get(), message).ok());
  }

  // The next message, or nothing when the worker is gone.
  std::optional<control::Message> Receive() {
    pollfd watched{control_.get(), POLLIN, 0};
    if (::poll(&watched, 1, kPatienceMs) != 1) return std::nullopt;
    absl::StatusOr<std::optional<control::Message>> message = control::Receive(control_.get());
    if (!message.ok()) return std::nullopt;
    return *std::move(message);
  }

  // The worker's end goes to it, ours is returned.
  os::UniqueFd Link(const std::string& name, absl::StatusOr<os::SocketPair> pair, const char* role) {
    Send(MessageType::kLink, name, std::move(pair->second), 0, role);
    return std::move(pair->first);
  }

  void StartWorker(const config::ProxyPart& part) {
    absl::StatusOr<os::SocketPair> pair = os::CreatePacketPair();
    ASSERT_TRUE(pair.ok());
    control_ = std::move(pair->first);
    pid_ = ::fork();
    if (pid_ == 0) {
      // Survives the exec: without close-on-exec, at the number where a worker looks for it.
      if (pair->second.get() == 3)
        ::fcntl(3, F_SETFD, 0);
      else
        ::dup2(pair->second.get(), 3);
      char* const arguments[] = {const_cast<char*>("aisix-proxy-worker"), nullptr};
      char* const environment[] = {nullptr};
      ::execve(AISIX_PROXY_WORKER, arguments, environment);
      ::_exit(127);
    }
    pair->second.reset();
    Send(MessageType::kBoot, "", *os::CreateSealedFile("boot", config::Encode(part)));
    control::Environment environment;
    environment["RUST_LOG"] = "warn";
    Send(MessageType::kEnvironment, "",
         *os::CreateSealedFile("environment", control::EncodeEnvironment(environment)));
  }

  static config::ProxyPart Part() {
    config::ProxyPart part;
    part.common.version = "9.9";
    config::ListenerSpec listener;
    listener.name = "proxy";
    part.listeners.push_back(listener);
    part.workers = 1;
    return part;
  }

  os::UniqueFd control_;
  pid_t pid_ = 0;
};

TEST_F(WorkerProcessTest, ServesAfterTheFirstPushAndLeavesWhenReleased) {
  const Provider provider;
  StartWorker(Part());
  Listening listening = Listen();
  Send(MessageType::kListener, "proxy", std::move(listening.socket));
  const Egress egress(Link("dial", os::CreatePacketPair(), "client"));
  ipc::RpcChannel admin("config.proxy", Link("config.proxy", os::CreateStreamPair(), "server"));
  ipc::RpcChannel health("health.proxy", Link("health.proxy", os::CreateStreamPair(), "server"));
  ipc::RpcChannel metrics("zone.proxy", Link("zone.proxy", os::CreateStreamPair(), "server"));
  Send(MessageType::kBegin);

  grpc::ClientContext push_context;
  push_context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(kPatienceMs));
  auto config_stub = config::Config::NewStub(admin.Get());
  auto push = config_stub->Push(&push_context);
  config::Chunk chunk;
  chunk.set_epoch(1);
  chunk.set_revision(7);
  chunk.set_begin(true);
  chunk.set_end(true);
  auto add = [&chunk](const std::string& kind, const std::string& id, const std::string& json) {
    config::Document& document = *chunk.add_upserts();
    document.set_kind(kind);
    document.set_id(id);
    document.set_json(json);
  };
  add("provider_keys", "pk",
      R"({"display_name":"pk","api_key":"sk-provider","provider":"openai","api_base":"http://127.0.0.1:)" +
          std::to_string(provider.port()) + R"(/v1"})");
  add("models", "m",
      R"({"display_name":"alias","provider":"openai","model_name":"upstream-model","provider_key_id":"pk"})");
  add("api_keys", "k",
      R"({"key_hash":")" + crypto::Sha256::Of("sk-caller").ToHex() + R"(","allowed_models":["*"]})");
  add("surprises", "x", "{}");
  ASSERT_TRUE(push->Write(chunk));
  config::Applied applied;
  ASSERT_TRUE(push->Read(&applied));
  EXPECT_EQ(applied.revision(), 7);
  ASSERT_EQ(applied.refusals_size(), 1);
  EXPECT_EQ(applied.refusals(0).kind(), "surprises");
  std::optional<control::Message> ready = Receive();
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->type, MessageType::kReady) << ready->text;

  const std::string body = R"({"model":"alias","messages":[{"role":"user","content":"hello"}]})";
  RawClient client(listening.port);
  client.Send(
      "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer sk-caller\r\n"
      "content-type: application/json\r\ncontent-length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  const std::string answer = client.Receive();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr(R"("model":"alias")"));
  EXPECT_THAT(answer, HasSubstr("server: AISIX/9.9\r\n"));
  EXPECT_THAT(provider.asked(), HasSubstr(R"("model":"upstream-model")"));
  EXPECT_THAT(provider.asked(), testing::Not(HasSubstr("sk-caller")));

  zone::StatusRequest status;
  status.set_subject("health");
  zone::StatusReply reply;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(zone::Zone::NewStub(health.Get())->Status(&context, status, &reply).ok());
    EXPECT_EQ(reply.json(), R"({"models":[{"id":"m","name":"alias","health":0}]})");
  }
  {
    grpc::ClientContext context;
    status.set_subject("zone");
    ASSERT_TRUE(zone::Zone::NewStub(metrics.Get())->Status(&context, status, &reply).ok());
    EXPECT_THAT(reply.json(), HasSubstr(R"("has_configuration":true,"revision":7)"));
    grpc::ClientContext another;
    status.set_subject("isolation");
    ASSERT_TRUE(zone::Zone::NewStub(metrics.Get())->Status(&another, status, &reply).ok());
    EXPECT_THAT(reply.json(), HasSubstr(R"({"mechanism":"no_new_privs","state":"full")"));
  }

  Send(MessageType::kQueryInFlight);
  std::optional<control::Message> in_flight = Receive();
  ASSERT_TRUE(in_flight);
  EXPECT_EQ(in_flight->type, MessageType::kInFlight);
  EXPECT_EQ(in_flight->number, 0u);

  // Draining still serves, and says goodbye.
  Send(MessageType::kDrain);
  Send(MessageType::kQueryInFlight);
  ASSERT_TRUE(Receive());  // the drain was obeyed before the query, and posted before this exchange
  client.Send("GET /livez HTTP/1.1\r\nhost: g\r\n\r\n");
  const std::string probe = client.Receive();
  EXPECT_THAT(probe, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(probe, HasSubstr("connection: close\r\n"));

  Send(MessageType::kRelease);
  int status_code = 0;
  ASSERT_EQ(::waitpid(pid_, &status_code, 0), pid_);
  pid_ = 0;
  EXPECT_TRUE(WIFEXITED(status_code));
  EXPECT_EQ(WEXITSTATUS(status_code), 0);
}

TEST_F(WorkerProcessTest, AnUnusableCertificateIsFatal) {
  config::ProxyPart part = Part();
  part.listeners[0].tls = true;
  StartWorker(part);
  Listening listening = Listen();
  Send(MessageType::kListener, "proxy", std::move(listening.socket));
  Send(MessageType::kFile, "proxy.tls.cert_file", *os::CreateSealedFile("cert", "no certificate"));
  Send(MessageType::kFile, "proxy.tls.key_file", *os::CreateSealedFile("key", "no key"));
  Send(MessageType::kBegin);
  const std::optional<control::Message> message = Receive();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, MessageType::kFatal);
  EXPECT_THAT(message->text, StartsWith("proxy.tls: "));
  int status_code = 0;
  ASSERT_EQ(::waitpid(pid_, &status_code, 0), pid_);
  pid_ = 0;
  EXPECT_EQ(WEXITSTATUS(status_code), 1);
}

TEST_F(WorkerProcessTest, TheDeathOfTheSupervisorEndsIt) {
  StartWorker(Part());
  Listening listening = Listen();
  Send(MessageType::kListener, "proxy", std::move(listening.socket));
  Send(MessageType::kBegin);
  control_.reset();
  int status_code = 0;
  ASSERT_EQ(::waitpid(pid_, &status_code, 0), pid_);
  pid_ = 0;
  EXPECT_TRUE(WIFEXITED(status_code));
}

}  // namespace
}  // namespace aisix::proxy
