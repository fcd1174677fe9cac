// Inside the sandbox: no path may be opened any more.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "lib/dns/resolver.h"
#include "test/unit/lib/dns/name_server.h"

namespace aisix::dns {
namespace {

// openat fails from now on, with `action`.
bool DenyOpen(uint32_t action) {
  std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  sock_fprog program{filter.size(), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Runs `body` in a child of its own; its exit code, or minus the signal that ended it.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Locked, NoFileOfTheSystemIsOpened) {
  TestNameServer server;
  server.Set("api.example", {"192.0.2.7"});
  const Settings settings = ParseSettings(server.line(), "", {});
  EXPECT_EQ(InChild([&] {
              async::Loop loop;
              // The channel was made before; only its first look-up happens inside.
              Resolver resolver(loop, settings);
              if (!DenyOpen(SECCOMP_RET_KILL_PROCESS)) return 2;
              bool found = false;
              resolver.Resolve("api.example", [&](const Result& result) {
                found = result.ok();
                loop.Stop();
              });
              loop.Run();
              return found ? 0 : 1;
            }),
            0);
  EXPECT_EQ(InChild([&] {
              if (!DenyOpen(SECCOMP_RET_ERRNO | EACCES)) return 2;
              return ResolveBlocking(settings, "api.example", std::chrono::seconds(60)).ok() ? 0 : 1;
            }),
            0);
}

// c-ares cannot open /dev/urandom then: its numbers must not be the same in every process all the same.
TEST(Locked, QueryNumbersCannotBeForetold) {
  TestNameServer server;
  const Settings settings = ParseSettings(server.line(), "", {});
  constexpr int kChildren = 4;
  for (int i = 0; i < kChildren; ++i) {
    EXPECT_EQ(InChild([&] {
                if (!DenyOpen(SECCOMP_RET_ERRNO | EACCES)) return 2;
                const Result result = ResolveBlocking(settings, "missing.example", std::chrono::seconds(60));
                return absl::IsNotFound(result.status()) ? 0 : 1;
              }),
              0);
  }
  // Two queries each. Foretellable ones would all be the same two; some may coincide by chance.
  EXPECT_GT(server.ids().size(), 4u);
}

}  // namespace
}  // namespace aisix::dns
