// A server on a loop with a few routes, against raw sockets.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/async/event.h"
#include "lib/http/server.h"
#include "support.h"

namespace aisix::http {

inline std::string Get(std::string_view path, std::string_view lines = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

inline std::string Post(std::string_view path, std::string_view body, std::string_view lines = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(lines) + "\r\n" + std::string(body);
}

inline std::string BodyOf(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

inline std::string Dechunk(std::string_view text) {
  std::string body;
  while (true) {
    const size_t end = text.find("\r\n");
    const size_t size = end == std::string_view::npos
                            ? 0
                            : std::strtoul(std::string(text.substr(0, end)).c_str(), nullptr, 16);
    if (size == 0 || text.size() < end + 4 + size) return body;
    text.remove_prefix(end + 2);
    body += text.substr(0, size);
    text.remove_prefix(size + 2);
  }
}

// Bytes whose place can be told.
inline std::string Pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

class ServerTest : public testing::Test {
 protected:
  void Begin(ServerOptions options = {}) {
    server_.emplace(std::move(options));
    routes().Add("/hello", Hello);
    routes().Add("/echo", Echo);
    routes().Add("/pieces", EchoPieces);
  }
  Routes& routes() { return server_->routes(); }
  Peer Connect(int receive_buffer = 0) { return Peer::Connect(server_->port(), receive_buffer); }

  std::optional<TestServer> server_;
};

}  // namespace aisix::http
