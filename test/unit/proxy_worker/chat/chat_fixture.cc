#include "test/unit/proxy_worker/chat/chat_fixture.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <uv.h>

#include <chrono>
#include <cstdlib>

#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/chat.h"
#include "proxy_worker/providers/planner.h"

namespace aisix::proxy {
namespace {

constexpr std::chrono::seconds kPatience{10};

// The body without its chunks; `complete`: the last one was there.
std::string Dechunk(std::string_view text, bool& complete) {
  std::string body;
  while (true) {
    const size_t line = text.find("\r\n");
    if (line == std::string_view::npos) return body;
    const size_t size = std::strtoull(std::string(text.substr(0, line)).c_str(), nullptr, 16);
    if (size == 0) {
      complete = true;
      return body;
    }
    body.append(text.substr(line + 2, size));
    if (text.size() < line + 2 + size + 2) return body;
    text.remove_prefix(line + 2 + size + 2);
  }
}

}  // namespace

ChatClient::ChatClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
}

void ChatClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void ChatClient::Post(std::string_view body, std::string_view header_lines) {
  // One write: a body that follows its head alone would wait for an acknowledgement.
  Send(fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n{}"
      "content-length: {}\r\n\r\n{}",
      header_lines, body.size(), body));
}

bool ChatClient::Fill() {
  char buffer[65536];
  const ssize_t size = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
  if (size <= 0) return false;
  received_.append(buffer, static_cast<size_t>(size));
  return true;
}

bool ChatClient::ReadUntil(std::string_view text) {
  while (received_.find(text) == std::string::npos) {
    if (!Fill()) return false;
  }
  return true;
}

Response ChatClient::Receive() {
  Response response;
  if (!ReadUntil("\r\n\r\n")) return response;
  const size_t head_end = received_.find("\r\n\r\n") + 4;
  response.head = received_.substr(0, head_end);
  response.status = std::atoi(response.head.c_str() + 9);
  const size_t length = response.head.find("content-length: ");
  if (length != std::string::npos) {
    const size_t total = head_end + static_cast<size_t>(std::atoll(response.head.c_str() + length + 16));
    while (received_.size() < total && Fill()) continue;
    response.complete = received_.size() >= total;
    response.body = received_.substr(head_end, total - head_end);
    received_.erase(0, total);
    return response;
  }
  while (true) {
    // A body that holds this text itself does not occur in these tests.
    const size_t end = received_.find("\r\n0\r\n\r\n", head_end - 2);
    if (end != std::string::npos) {
      response.body = Dechunk(std::string_view(received_).substr(head_end), response.complete);
      received_.erase(0, end + 7);
      return response;
    }
    if (!Fill()) break;
  }
  response.body = Dechunk(std::string_view(received_).substr(head_end), response.complete);
  return response;
}

ChatTest::ChatTest() {
  upstream_.emplace();
  auto grants = std::make_shared<CallerGrants>();
  grants->allowed_models = {"*"};
  caller_ = CallerKey(1, "caller-1", {}, std::move(grants), {});
  config_.sse_keepalive_interval_secs = 0;
}

ChatTest::~ChatTest() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
  server_.reset();
  context_.reset();
  pool_.reset();
  recorder_.reset();
  snapshots_.reset();
  dialer_.reset();
  loop_.reset();
}

void ChatTest::Start() {
  families_ = std::make_unique<MetricFamilies>(registry_, config_.buckets);
  client_types_ = *ClientTypeRules::Compile(config_.client_type_rules);
  loop_ = std::make_unique<async::Loop>();
  dialer_ = std::make_unique<net::DirectDialer>(*loop_);
  pool_ = std::make_unique<http::ClientPool>(*loop_, *dialer_, http::ClientPoolOptions());
  snapshots_ = std::make_unique<SnapshotSlot>(reclaimer_);
  recorder_ =
      std::make_unique<RequestRecorder>(*families_, registry_.AddShard(), logger_, client_types_, config_);
  scratch_ = std::make_unique<ChatScratch>();
  context_ = std::make_unique<LoopContext>(
      LoopContext{*loop_, *pool_, *snapshots_, config_, real_ip_, *recorder_, logger_, process_, *scratch_});
  http::Handler& handler = *this;
  server_ = std::make_unique<http::Server>(*loop_, handler, http::ServerOptions());

  SnapshotBuilder builder(MakeProviderPlanner([](std::string_view, const model::UpstreamTls*) {
    return std::shared_ptr<const net::ClientSecurity>();
  }));
  absl::Status put = builder.Upsert(
      "provider_keys", "pk",
      fmt::format(R"({{"display_name":"main","api_key":"sk-up","api_base":"http://127.0.0.1:{}/v1",{}{}}})",
                  upstream_->port(), provider_members_, key_members_));
  ASSERT_TRUE(put.ok()) << put;
  put = builder.Upsert(
      "models", "m",
      fmt::format(R"({{"display_name":"{}","provider":"openai","model_name":"{}","provider_key_id":"pk"{}}})",
                  display_name_, model_name_, model_members_));
  ASSERT_TRUE(put.ok()) << put;
  snapshots_->Swap(std::make_unique<HeldSnapshot>(builder.Build(true, 1)));

  os::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(socket.get(), 64), 0);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  const absl::Status listening = server_->Listen(std::move(socket), false);
  ASSERT_TRUE(listening.ok()) << listening;
  thread_ = std::thread([this] { loop_->Run(); });
}

async::Maybe<void> ChatTest::Handle(http::ServerExchange& exchange) {
  return Serve(exchange);
}

async::Task<void> ChatTest::Serve(http::ServerExchange& exchange) {
  RequestContext context(exchange, snapshots_->Pin());
  context.received_ns = uv_hrtime();
  context.request_id = "request-1";
  context.endpoint = Endpoint::kChatCompletions;
  context.endpoint_template = EndpointTemplate(Endpoint::kChatCompletions);
  context.caller = &caller_;
  context.recording = Recording::kFull;
  context.client_type = recorder_->ClientType("");
  recorder_->Arrive(context);
  const uint64_t before = allocations_ != nullptr ? allocations_() : 0;
  co_await HandleChat(*context_, context);
  const uint64_t after = allocations_ != nullptr ? allocations_() : 0;
  recorder_->Settle(context);
  Outcome outcome;
  outcome.phase = context.phase;
  outcome.status = context.status;
  outcome.stream = context.stream;
  outcome.caller_left = context.caller_left;
  outcome.upstream_model = context.upstream_model.view();
  outcome.provider_request_id = context.provider_request_id.view();
  outcome.provider_model = context.provider_model.view();
  outcome.finish_reason = context.finish_reason.view();
  outcome.error_kind = context.error_kind;
  outcome.attempt = context.attempt;
  outcome.tokens = context.tokens;
  outcome.allocations = after - before;
  {
    const std::lock_guard lock(mutex_);
    outcomes_.push_back(std::move(outcome));
  }
  changed_.notify_all();
}

Response ChatTest::Post(std::string_view body, std::string_view header_lines) {
  ChatClient client(port_);
  client.Post(body, header_lines);
  return client.Receive();
}

Outcome ChatTest::TakeOutcome() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [&] { return !outcomes_.empty(); })) {
    ADD_FAILURE() << "no request ended";
    return {};
  }
  Outcome outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  return outcome;
}

std::string ChatTest::UpstreamBody(size_t index) const {
  const std::vector<std::string> requests = upstream_->requests();
  if (requests.size() <= index) return "no such request";
  return requests[index].substr(requests[index].find("\r\n\r\n") + 4);
}

std::string ChatTest::UpstreamHead(size_t index) const {
  const std::vector<std::string> requests = upstream_->requests();
  if (requests.size() <= index) return "no such request";
  return requests[index].substr(0, requests[index].find("\r\n\r\n") + 2);
}

std::string ChatBody(std::string_view members) {
  return fmt::format(R"({{"model":"alias","messages":[{{"role":"user","content":"hi"}}]{}}})", members);
}

std::string Completion(std::string_view model, std::string_view members) {
  return fmt::format(
      R"({{"id":"c-1","object":"chat.completion","created":17,"model":"{}","choices":[{{"index":0,"message":{{"role":"assistant","content":"hi"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}{}}})",
      model, members);
}

std::string ChunkEvent(std::string_view model, std::string_view text) {
  return fmt::format(
      "data: "
      "{{\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"created\":17,\"model\":\"{}\",\"choices\":["
      "{{\"index\":0,\"delta\":{{\"content\":\"{}\"}},\"finish_reason\":null}}]}}\n\n",
      model, text);
}

}  // namespace aisix::proxy
