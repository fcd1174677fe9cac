// The admin listener over a real connection.
#include "admin_worker/api/admin_handler.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "lib/os/socket_pair.h"

namespace aisix::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class AdminHandlerTest : public ::testing::Test {
 protected:
  // Sends one request on a fresh connection and returns everything that comes back.
  std::string Ask(const std::string& head) {
    auto pair = os::CreateStreamPair();
    os::UniqueFd client = std::move(pair->second);
    async::Loop loop;
    std::string answer;
    {
      HealthQuery health(loop, channel_);
      AdminHandler::Sources sources;
      sources.configuration = [this] { return configuration_; };
      sources.configured = [this] { return configuration_ != nullptr; };
      AdminHandler handler({"key-1", "key-2"}, std::move(sources), health);
      if (draining_) handler.SetDraining();
      http::Server server(loop, handler, {});
      server.Adopt(std::move(pair->first), net::Address(), false);
      std::thread caller([&] { answer = Exchange(client.get(), head, loop); });
      loop.Run();
      caller.join();
    }
    return answer;
  }

  static std::string Exchange(int fd, const std::string& head, async::Loop& loop) {
    const std::string request = head + "Host: a\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[4096];
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    ssize_t count;
    while ((count = ::recv(fd, buffer, sizeof(buffer), 0)) > 0)
      answer.append(buffer, static_cast<size_t>(count));
    loop.Stop();
    return answer;
  }

  static ConfigurationPtr OneModel() {
    auto configuration = std::make_shared<Configuration>();
    configuration->documents = {{{model::Kind::kModel, "1"}, MakeDocument(1, R"({"display_name":"a"})")}};
    return configuration;
  }

  ipc::RpcChannel channel_{"health.proxy"};  // nobody answers: every model is taken for healthy
  ConfigurationPtr configuration_ = OneModel();
  bool draining_ = false;
};

TEST_F(AdminHandlerTest, Probes) {
  const std::string live = Ask("GET /livez?verbose HTTP/1.1\r\n");
  EXPECT_THAT(live, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(live, HasSubstr("content-type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(live, HasSubstr("x-content-type-options: nosniff\r\n"));
  EXPECT_THAT(live, HasSubstr("livez check passed\n"));
  EXPECT_THAT(Ask("GET /readyz HTTP/1.1\r\n"), StartsWith("HTTP/1.1 200"));
  configuration_ = nullptr;
  EXPECT_THAT(Ask("GET /readyz HTTP/1.1\r\n"), HasSubstr("config failed: not ready"));
  draining_ = true;
  EXPECT_THAT(Ask("GET /livez HTTP/1.1\r\n"), StartsWith("HTTP/1.1 503"));
}

TEST_F(AdminHandlerTest, RoutesBeforeKeys) {
  EXPECT_THAT(Ask("GET /admin/v1/nope HTTP/1.1\r\n"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\n"), StartsWith("HTTP/1.1 404"));
  const std::string wrong_method = Ask("DELETE /admin/v1/health HTTP/1.1\r\n");
  EXPECT_THAT(wrong_method, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(wrong_method, HasSubstr("allow: GET,HEAD\r\n"));
}

TEST_F(AdminHandlerTest, Keys) {
  const std::string get = "GET /admin/v1/models/status HTTP/1.1\r\n";
  for (const char* good :
       {"Authorization: Bearer key-1\r\n", "Authorization: Bearer  key-2 \r\n", "X-Api-Key: key-2\r\n"})
    EXPECT_THAT(Ask(get + good), StartsWith("HTTP/1.1 200")) << good;
  for (const char* bad : {"", "Authorization: Bearer nope\r\n", "Authorization: bearer key-1\r\n",
                          "X-Api-Key: key\r\n", "Authorization: Basic eA==\r\nX-Api-Key: key-1\r\n",
                          "Authorization: Bearer \r\nX-Api-Key: key-1\r\n"}) {
    const std::string answer = Ask(get + bad);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 401")) << bad;
    EXPECT_THAT(answer, HasSubstr(R"({"error_msg":"missing or malformed admin authorization"})"));
  }
}

TEST_F(AdminHandlerTest, ReadOuts) {
  const std::string key = "Authorization: Bearer key-1\r\n";
  EXPECT_THAT(Ask("GET /admin/v1/health HTTP/1.1\r\n" + key),
              HasSubstr(R"({"status":"ok","models":[{"id":"1","name":"a","health":0}]})"));
  EXPECT_THAT(Ask("GET /admin/v1/models/status HTTP/1.1\r\n" + key),
              HasSubstr(R"([{"id":"1","display_name":"a","kind":"direct","status":"healthy"}])"));
  configuration_ = nullptr;
  EXPECT_THAT(Ask("GET /admin/v1/models/status HTTP/1.1\r\n" + key), HasSubstr("\r\n\r\n[]"));
}

}  // namespace
}  // namespace aisix::admin
