#include "supervisor/service/service_environment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>

#include "lib/os/unique_fd.h"

namespace aisix::supervisor {
namespace {

constexpr pid_t kSelf = 4711;

absl::StatusOr<ServiceEnvironment> Read(std::map<std::string, std::string> variables, int first = 3) {
  return ReadServiceEnvironment(
      [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
      },
      kSelf, first);
}

// Neighbouring descriptors that nobody else of this process uses.
class Descriptors {
 public:
  static constexpr int kFirst = 700;
  explicit Descriptors(int count) {
    for (int fd = kFirst; fd < kFirst + count; ++fd) EXPECT_EQ(::dup2(STDERR_FILENO, fd), fd);
  }
};

TEST(ServiceEnvironment, NobodyIsThere) {
  const absl::StatusOr<ServiceEnvironment> environment = Read({});
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ(environment->notify_socket, "");
  EXPECT_EQ(environment->watchdog.count(), 0);
  EXPECT_TRUE(environment->sockets.empty());
}

TEST(ServiceEnvironment, Notifications) {
  const absl::StatusOr<ServiceEnvironment> environment = Read(
      {{"NOTIFY_SOCKET", "/run/systemd/notify"}, {"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "4711"}});
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ(environment->notify_socket, "/run/systemd/notify");
  EXPECT_EQ(environment->watchdog, std::chrono::seconds(30));
  EXPECT_EQ(Read({{"WATCHDOG_USEC", "30000000"}})->watchdog, std::chrono::seconds(30));
}

TEST(ServiceEnvironment, WhatIsMeantForAnotherProcessHasNoEffect) {
  EXPECT_EQ(Read({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "1"}})->watchdog.count(), 0);
  EXPECT_TRUE(Read({{"LISTEN_FDS", "1"}, {"LISTEN_PID", "1"}})->sockets.empty());
  EXPECT_TRUE(Read({{"LISTEN_FDS", "1"}})->sockets.empty());
}

TEST(ServiceEnvironment, SocketsAreTakenWithTheirNames) {
  const Descriptors open(3);
  const absl::StatusOr<ServiceEnvironment> environment =
      Read({{"LISTEN_FDS", "3"}, {"LISTEN_PID", "4711"}, {"LISTEN_FDNAMES", "proxy::metrics"}},
           Descriptors::kFirst);
  ASSERT_TRUE(environment.ok()) << environment.status();
  ASSERT_EQ(environment->sockets.size(), 3u);
  const char* const names[] = {"proxy", "", "metrics"};
  for (int i = 0; i < 3; ++i) {
    const PassedSocket& socket = environment->sockets[static_cast<size_t>(i)];
    EXPECT_EQ(socket.name, names[i]);
    EXPECT_EQ(socket.fd.get(), Descriptors::kFirst + i);
    EXPECT_NE(::fcntl(socket.fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(ServiceEnvironment, SocketsWithoutNames) {
  const Descriptors open(1);
  const absl::StatusOr<ServiceEnvironment> environment =
      Read({{"LISTEN_FDS", "1"}, {"LISTEN_PID", "4711"}}, Descriptors::kFirst);
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ(environment->sockets.at(0).name, "unknown");
}

TEST(ServiceEnvironment, NonsenseIsRefused) {
  const auto refusal = [](std::map<std::string, std::string> variables) {
    return std::string(Read(std::move(variables), Descriptors::kFirst).status().message());
  };
  EXPECT_EQ(refusal({{"WATCHDOG_USEC", "soon"}}), "WATCHDOG_USEC=soon: not a number");
  EXPECT_EQ(refusal({{"LISTEN_FDS", "-1"}, {"LISTEN_PID", "4711"}}), "LISTEN_FDS=-1: not a number");
  EXPECT_EQ(refusal({{"LISTEN_FDS", "2000"}, {"LISTEN_PID", "4711"}}), "LISTEN_FDS=2000: too many sockets");
  EXPECT_EQ(refusal({{"LISTEN_FDS", "1"}, {"LISTEN_PID", "4711"}, {"LISTEN_FDNAMES", "a:b"}}),
            "LISTEN_FDNAMES=a:b: 2 names for 1 sockets");
  EXPECT_EQ(refusal({{"LISTEN_FDS", "1"}, {"LISTEN_PID", "4711"}}),
            "LISTEN_FDS=1: descriptor 700: Bad file descriptor (os error 9)");
}

}  // namespace
}  // namespace aisix::supervisor
