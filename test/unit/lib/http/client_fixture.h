// A client on a loop, against a server that the test plays.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "lib/http/client.h"
#include "support.h"

namespace aisix::http {

// What an exchange came to, as a value that may cross threads.
struct Outcome {
  absl::Status status;
  ErrorKind kind = ErrorKind::kNone;
  int code = 0;
  std::string header;  // x-test
  std::string body;
  bool reused = false;
};

struct Call {
  std::string method = "POST";
  std::string target = "/x";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body = "{}";
  SendOptions options;
  uint64_t head_ms = 0;
  uint64_t body_ms = 0;
  uint64_t limit = 0;
  bool stream = false;
};

// A client on a loop thread, and a server that is a listening socket whose other side the test plays.
class ClientTest : public testing::Test {
 public:
  ClientTest() { Begin(ClientPoolOptions()); }
  ~ClientTest() override {
    thread_.Call([&] {
      tasks_.clear();
      pool_.reset();
      dialer_.reset();
    });
  }

  void Begin(ClientPoolOptions options) {
    auto [fd, port] = ListenOnLoopback();
    listener_ = std::move(fd);
    thread_.Call([&] {
      pool_.reset();
      dialer_ = std::make_unique<net::DirectDialer>(thread_.loop());
      pool_ = std::make_unique<ClientPool>(thread_.loop(), *dialer_, options);
      origin_.host = "127.0.0.1";
      origin_.port = port;
      origin_.host_header = "test:1";
    });
  }

  Peer Accept() {
    pollfd entry{listener_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, 20'000), 1) << "nobody connected";
    return Peer(os::UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  }

  async::Task<void> Run(Call call, Awaited<Outcome>* outcome) {
    Outcome result;
    {
      ClientExchange exchange(*pool_);
      current_ = &exchange;
      co_await Exchange(exchange, call, result);
      current_ = nullptr;
      result.kind = exchange.error_kind();
      result.reused = exchange.reused_connection();
    }
    outcome->Set(result);
  }

  async::Task<void> Exchange(ClientExchange& exchange, const Call& call, Outcome& result) {
    std::vector<Header> headers;
    for (const auto& [name, value] : call.headers) headers.push_back({name, value});
    const std::string_view pieces[] = {std::string_view(call.body).substr(0, call.body.size() / 2),
                                       std::string_view(call.body).substr(call.body.size() / 2)};
    ClientRequest request;
    request.method = call.method;
    request.target = call.target;
    request.headers = headers;
    request.header_lines = "x-line: 1\r\n";
    request.body = pieces;
    auto sending = exchange.Send(origin_, request, call.options);
    result.status = co_await sending;
    if (!result.status.ok()) co_return;
    async::Loop& loop = thread_.loop();
    auto receiving = exchange.ReceiveHead(call.head_ms > 0 ? loop.NowMs() + call.head_ms : 0);
    const absl::StatusOr<const ResponseHead*> head = co_await receiving;
    result.status = head.status();
    if (!head.ok()) co_return;
    result.code = (*head)->status;
    result.header = std::string((*head)->headers.Find("x-test").value_or(""));
    const uint64_t deadline = call.body_ms > 0 ? loop.NowMs() + call.body_ms : 0;
    if (!call.stream) {
      auto reading = exchange.ReadAll(call.limit, deadline);
      const absl::StatusOr<std::span<char>> body = co_await reading;
      result.status = body.status();
      if (body.ok()) {
        EXPECT_EQ(*(body->data() + body->size()), '\0');
        result.body = std::string(ViewOf(*body));
      }
      co_return;
    }
    while (true) {
      auto reading = exchange.Read(deadline);
      const absl::StatusOr<std::string_view> piece = co_await reading;
      result.status = piece.status();
      if (!piece.ok() || piece->empty()) co_return;
      result.body += *piece;
    }
  }

  // Starts it on the loop; the result is waited for with outcome.Get().
  void Start(Call call, Awaited<Outcome>& outcome) {
    thread_.Call([&] {
      tasks_.push_back(Run(std::move(call), &outcome));
      tasks_.back().Start();
    });
  }
  // With a server that reads one request and sends `response`; then closes if told to.
  Outcome RunAgainst(Call call, std::string_view response, bool close = false) {
    Awaited<Outcome> outcome;
    Start(std::move(call), outcome);
    Peer server = Accept();
    server.Until("\r\n\r\n");
    server.Send(response);
    if (close) server.Close();
    return outcome.Get();
  }

  LoopThread thread_;
  os::UniqueFd listener_;
  Origin origin_;
  std::unique_ptr<net::DirectDialer> dialer_;
  std::unique_ptr<ClientPool> pool_;
  std::deque<async::Task<void>> tasks_;
  ClientExchange* current_ = nullptr;
};

}  // namespace aisix::http
