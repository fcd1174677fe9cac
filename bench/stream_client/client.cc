#include "bench/stream_client/client.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>

namespace aisix::stream_client {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

uint32_t Stored(int64_t nanoseconds) {
  return static_cast<uint32_t>(
      std::clamp<int64_t>(nanoseconds / 100, 0, std::numeric_limits<uint32_t>::max()));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Client::Client(Options options) : options_(std::move(options)), buffer_(256 * 1024) {}

Client::~Client() {
  for (const auto& connection : connections_) {
    if (connection->fd >= 0) close(connection->fd);
  }
  if (epoll_ >= 0) close(epoll_);
}

bool Client::Connect(Connection& connection) {
  // Connected while it blocks: what is measured begins with the request.
  connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection.fd < 0) return false;
  const int on = 1;
  setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(connection.fd, reinterpret_cast<const sockaddr*>(&options_.address), sizeof options_.address) !=
      0) {
    return false;
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &connection;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) == 0;
}

bool Client::Send(Connection& connection, int64_t now) {
  connection.reader.Start();
  connection.started = now;
  connection.latest = 0;
  // A request is small enough for an empty socket.
  const ssize_t sent =
      send(connection.fd, options_.request.data(), options_.request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != static_cast<ssize_t>(options_.request.size())) return false;
  connection.open = true;
  ++open_;
  return true;
}

void Client::Fail(Connection& connection, Result& result) {
  if (connection.open) --open_;
  connection.open = false;
  close(connection.fd);
  connection.fd = -1;
  ++result.failed;
}

void Client::Read(Connection& connection, Result& result) {
  const ssize_t size = recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0 || !connection.open) return Fail(connection, result);
  const int64_t now = Now();
  size_t events = 0;
  const auto state = connection.reader.Feed({buffer_.data(), static_cast<size_t>(size)}, events);
  result.events += events;
  for (size_t i = 0; i < events; ++i) {
    if (connection.latest == 0) {
      result.first.push_back(Stored(now - connection.started));
    } else {
      result.gaps.push_back(Stored(now - connection.latest));
    }
    connection.latest = now;
  }
  if (state == ResponseReader::State::kOpen) return;
  if (state == ResponseReader::State::kFailed || !connection.reader.done()) return Fail(connection, result);
  ++result.streams;
  connection.open = false;
  --open_;
  if (now < last_start_ && !Send(connection, Now())) Fail(connection, result);
}

bool Client::Run(Result& result) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return false;
  for (size_t i = 0; i < options_.streams; ++i) {
    connections_.push_back(std::make_unique<Connection>());
    if (!Connect(*connections_.back())) return false;
  }
  const double cpu = CpuSeconds();
  const int64_t started = Now();
  last_start_ = started + options_.milliseconds * kMillisecond;
  const int64_t limit = last_start_ + options_.limit_ms * kMillisecond;
  size_t begun = 0;
  std::vector<epoll_event> events(512);
  while (true) {
    int64_t now = Now();
    // The first streams begin one after another.
    for (; begun < connections_.size(); ++begun) {
      const auto due = started + static_cast<int64_t>(begun) * options_.ramp_ms * kMillisecond /
                                     static_cast<int64_t>(connections_.size());
      if (now < due) break;
      if (!Send(*connections_[begun], Now())) Fail(*connections_[begun], result);
    }
    if (begun == connections_.size() && open_ == 0) break;
    if (now >= limit) {
      result.failed += open_;
      break;
    }
    const int wait = begun < connections_.size() ? 1 : 100;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait);
    if (count < 0 && errno != EINTR) return false;
    for (int i = 0; i < count; ++i) {
      Read(*static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr), result);
    }
  }
  result.seconds = static_cast<double>(Now() - started) / 1e9;
  result.cpu_seconds = CpuSeconds() - cpu;
  return true;
}

}  // namespace aisix::stream_client
