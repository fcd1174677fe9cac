#include "supervisor/process/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "lib/control/environment.h"
#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"
#include "supervisor/process/exit.h"

namespace aisix::supervisor {
namespace {

// What a shell command writes to descriptor 3.
class ChildTest : public ::testing::Test {
 protected:
  std::string Run(const std::string& command, int environment = -1) {
    os::SocketPair pair = *os::CreateStreamPair();
    absl::StatusOr<pid_t> pid = StartChild({"/bin/sh", {"-c", command}, pair.second.get(), environment});
    EXPECT_TRUE(pid.ok()) << pid.status();
    pair.second.reset();
    std::string text;
    while (true) {
      pollfd waiting{pair.first.get(), POLLIN, 0};
      ::poll(&waiting, 1, -1);
      char buffer[4096];
      const ssize_t size = ::read(pair.first.get(), buffer, sizeof(buffer));
      if (size <= 0) break;
      text.append(buffer, static_cast<size_t>(size));
    }
    ::waitpid(*pid, &status_, 0);
    return text;
  }

  int status_ = 0;
};

TEST_F(ChildTest, HoldsNothingButItsSocket) {
  const os::UniqueFd leak(::open("/dev/null", O_RDONLY));  // not close-on-exec
  // 4 is the directory that ls reads.
  EXPECT_EQ(Run("exec /bin/ls /proc/self/fd >&3"), "0\n1\n2\n3\n4\n");
}

TEST_F(ChildTest, ReadsNothing) {
  EXPECT_EQ(Run("readlink /proc/self/fd/0 >&3"), "/dev/null\n");
}

TEST_F(ChildTest, HasNoEnvironmentUnlessItIsGivenOne) {
  ::setenv("AISIX_TEST_SECRET", "x", 1);
  EXPECT_EQ(Run("exec /usr/bin/env - /bin/sh -c '/usr/bin/tr -d A </proc/'$$'/environ >&3'").find("SECRET"),
            std::string::npos);
  EXPECT_EQ(Run("[ -z \"$AISIX_TEST_SECRET\" ] && echo none >&3"), "none\n");
  const os::UniqueFd file =
      *os::CreateSealedFile("environment", control::EncodeEnvironment({{"A", "1"}, {"B", "two\nlines"}}));
  EXPECT_EQ(Run("echo \"$A/$B/$AISIX_TEST_SECRET\" >&3", file.get()), "1/two\nlines/\n");
  ::unsetenv("AISIX_TEST_SECRET");
}

TEST_F(ChildTest, IgnoresSignalsThatAreForTheSupervisor) {
  EXPECT_EQ(Run("kill -TERM $$; kill -INT $$; kill -HUP $$; echo alive >&3"), "alive\n");
}

TEST_F(ChildTest, TellsHowItEnded) {
  Run("exit 3");
  EXPECT_EQ(DescribeExit(status_).text, "exit code 3");
  Run("kill -KILL $$");
  EXPECT_EQ(DescribeExit(status_).text, "signal SIGKILL (9)");
}

TEST(StartChild, AMissingProgramIsAnError) {
  const absl::Status status = StartChild({"/nowhere/program", {}}).status();
  EXPECT_EQ(status.message(), "/nowhere/program: No such file or directory (os error 2)");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // nothing is left behind
}

TEST(StartChild, TheChildDiesWithItsParent) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    os::SocketPair pair = *os::CreateStreamPair();
    absl::StatusOr<pid_t> pid = StartChild({"/bin/sleep", {"1000"}, pair.second.get()});
    const pid_t value = pid.ok() ? *pid : 0;
    static_cast<void>(::write(ends[1], &value, sizeof(value)));
    ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(ends[0], &child, sizeof(child)), static_cast<ssize_t>(sizeof(child)));
  ASSERT_GT(child, 0);
  const os::UniqueFd process(::open(("/proc/" + std::to_string(child)).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(process.valid());
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  // Nobody but the kernel tells it to go. It is gone, or waits to be reaped by process 1.
  for (int i = 0; i < 3000; ++i) {
    const int stat = ::openat(process.get(), "stat", O_RDONLY | O_CLOEXEC);
    if (stat < 0) break;
    const absl::StatusOr<std::string> text = os::ReadAll(stat);
    ::close(stat);
    if (!text.ok() || text->find(") Z ") != std::string::npos) break;
    ASSERT_LT(i, 2999) << *text;
    ::poll(nullptr, 0, 10);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace aisix::supervisor
