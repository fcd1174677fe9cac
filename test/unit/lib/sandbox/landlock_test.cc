// Files and ports that only Landlock can tell apart.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "test/unit/lib/sandbox/locked_child.h"

namespace aisix::sandbox {
namespace {

class StateDirectory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/aisix-sandbox-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
    options_.state_directory = path_;
  }
  void TearDown() override {
    for (const char* name : {"/new", "/renamed"}) ::unlink((path_ + name).c_str());
    ::rmdir(path_.c_str());
  }

  std::string path_;
  LockOptions options_;
};

TEST_F(StateDirectory, FilesAreWrittenReadRenamedAndRemovedInIt) {
  const auto work = [this](const Report&) {
    const int fd = ::open((path_ + "/new").c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::write(fd, "x", 1) != 1 || ::fsync(fd) != 0) return 1;
    if (::rename((path_ + "/new").c_str(), (path_ + "/renamed").c_str()) != 0) return 2;
    if (::open((path_ + "/renamed").c_str(), O_RDONLY | O_CLOEXEC) < 0) return 3;
    return ::unlink((path_ + "/renamed").c_str());
  };
  EXPECT_EQ(AfterLock(kAdminProfile, options_, work), 0);
}

TEST_F(StateDirectory, NothingIsReachedBesideIt) {
  const auto open = [](const std::string& path, int flags) {
    return [path, flags](const Report&) {
      return ::open(path.c_str(), flags | O_CLOEXEC, 0600) < 0 ? errno : 0;
    };
  };
  EXPECT_EQ(AfterLock(kAdminProfile, options_, open("/etc/passwd", O_RDONLY)), EACCES);
  EXPECT_EQ(AfterLock(kAdminProfile, options_, open("/proc/self/environ", O_RDONLY)), EACCES);
  EXPECT_EQ(AfterLock(kAdminProfile, options_, open("/etc", O_PATH | O_DIRECTORY)), EACCES);
  EXPECT_EQ(AfterLock(kAdminProfile, options_, open(path_ + "/../other", O_CREAT | O_WRONLY)), EACCES);
  // A zone without one: not even there.
  EXPECT_EQ(AfterLock(kProxyProfile, options_, open(path_, O_RDONLY)), EACCES);
  EXPECT_EQ(AfterLock(kAdminProfile, {}, open(path_, O_RDONLY)), EACCES);
}

TEST_F(StateDirectory, OneThatDoesNotExistIsAnError) {
  options_.state_directory = path_ + "/absent";
  EXPECT_EQ(AfterLock(kAdminProfile, options_, [](const Report&) { return 0; }), kNotLocked);
}

int ConnectTo(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0 ? errno : 0;
}

TEST(Ports, AZoneWithAListConnectsToNoOther) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const uint16_t port = ntohs(address.sin_port);
  const auto connect = [port](const Report& report) {
    // A kernel without rules for ports says so.
    if (Find(report, kLandlock)->reason.find("TCP ports") != std::string::npos) return 98;
    return ConnectTo(port);
  };

  LockOptions listed;
  listed.connect_ports = {port};
  LockOptions other;
  other.connect_ports = {static_cast<uint16_t>(port == 65535 ? port - 1 : port + 1)};
  // Whoever asks whether it is so limited is told the same.
  const auto limited = [](const Report& report) {
    const bool rules = Find(report, kLandlock)->reason.find("TCP ports") == std::string::npos;
    return report.ports_limited == rules ? 0 : 1;
  };
  EXPECT_EQ(AfterLock(kEgressProfile, other, limited), 0);
  const int found = AfterLock(kAdminProfile, other, connect);
  if (found == 98) GTEST_SKIP() << "this kernel's Landlock has no rules for ports";
  EXPECT_EQ(found, EACCES);
  EXPECT_EQ(AfterLock(kAdminProfile, listed, connect), 0);
  EXPECT_EQ(AfterLock(kEgressProfile, listed, connect), 0);
  // Without a list it makes no socket at all.
  EXPECT_EQ(AfterLock(kAdminProfile, {}, connect), EACCES);
  LockOptions any;
  any.any_port = true;
  EXPECT_EQ(AfterLock(kEgressProfile, any, connect), 0);
  EXPECT_EQ(AfterLock(kEgressProfile, any, [](const Report& report) { return report.ports_limited ? 1 : 0; }),
            0);
  ::close(listener);
}

}  // namespace
}  // namespace aisix::sandbox
