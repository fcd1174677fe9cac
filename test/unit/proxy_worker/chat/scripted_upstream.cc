#include "test/unit/proxy_worker/chat/scripted_upstream.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>

namespace aisix::proxy {
namespace {

constexpr int kPatienceMs = 10'000;

bool Readable(int fd) {
  pollfd ready{fd, POLLIN, 0};
  return ::poll(&ready, 1, kPatienceMs) == 1;
}

}  // namespace

std::string UpstreamConnection::ReadRequest() {
  char buffer[65536];
  while (true) {
    const size_t head_end = received_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      const size_t field = received_.find("content-length: ");
      const size_t body =
          field < head_end ? static_cast<size_t>(std::atoll(received_.c_str() + field + 16)) : 0;
      const size_t total = head_end + 4 + body;
      if (received_.size() >= total) {
        std::string request = received_.substr(0, total);
        received_.erase(0, total);
        return request;
      }
    }
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
    if (size <= 0) return {};
    received_.append(buffer, static_cast<size_t>(size));
  }
}

void UpstreamConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void UpstreamConnection::Close() {
  ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
}

bool UpstreamConnection::WaitForClose() {
  char buffer[4096];
  while (Readable(socket_.get())) {
    if (::recv(socket_.get(), buffer, sizeof(buffer), 0) <= 0) return true;
  }
  return false;
}

size_t UpstreamConnection::SendUntilBlocked(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size()) {
    const ssize_t sent =
        ::send(socket_.get(), bytes.data() + taken, bytes.size() - taken, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      taken += static_cast<size_t>(sent);
      continue;
    }
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, 500) != 1) break;
  }
  return taken;
}

ScriptedUpstream::ScriptedUpstream() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) std::abort();
  if (::listen(listener_.get(), 64) != 0) std::abort();
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedUpstream::~ScriptedUpstream() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const os::UniqueFd& socket : sockets_) ::shutdown(socket.get(), SHUT_RDWR);
  }
  changed_.notify_all();
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

void ScriptedUpstream::Accept() {
  while (true) {
    os::UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) return;
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    // A duplicate, so that it can be shut down whatever the connection does with its own.
    sockets_.emplace_back(::dup(socket.get()));
    threads_.emplace_back([this, fd = socket.release()] { Serve(os::UniqueFd(fd)); });
  }
}

void ScriptedUpstream::Serve(os::UniqueFd socket) {
  UpstreamConnection connection(std::move(socket));
  while (connection.open()) {
    std::string request = connection.ReadRequest();
    if (request.empty()) return;
    Action action;
    {
      std::unique_lock lock(mutex_);
      requests_.push_back(std::move(request));
      changed_.wait(lock, [&] { return stopping_ || !actions_.empty(); });
      if (stopping_) return;
      action = std::move(actions_.front());
      actions_.pop_front();
    }
    action(connection);
  }
}

void ScriptedUpstream::Then(Action action) {
  {
    const std::lock_guard lock(mutex_);
    actions_.push_back(std::move(action));
  }
  changed_.notify_all();
}

void ScriptedUpstream::ThenSend(std::string bytes) {
  Then([bytes = std::move(bytes)](UpstreamConnection& connection) { connection.Send(bytes); });
}

std::vector<std::string> ScriptedUpstream::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

size_t ScriptedUpstream::connections() const {
  const std::lock_guard lock(mutex_);
  return sockets_.size();
}

std::string JsonResponse(int status, std::string_view body, std::string_view header_lines) {
  return fmt::format("HTTP/1.1 {} X\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n{}",
                     status, header_lines, body.size(), body);
}

std::string EventStreamHead() {
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
}

std::string HttpChunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string EventStream(std::string_view events) {
  return EventStreamHead() + HttpChunk(events) + std::string(kLastHttpChunk);
}

}  // namespace aisix::proxy
