// A fast stand-in for an OpenAI-compatible provider, for tests, benchmarks and the quickstart. Not a part of
// the gateway.
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "bench/mock_provider/server.h"

namespace {

using aisix::mock::Behaviour;
using aisix::mock::Statistics;
using aisix::mock::Worker;

struct Options {
  std::string host = "127.0.0.1";
  int port = 0;
  int workers = 1;
  bool record = false;
  Behaviour defaults;
};

constexpr char kUsage[] =
    "usage: aisix-mock-provider [--host 127.0.0.1] [--port N] [--workers N] [--record] [--<member> VALUE]…\n"
    "\n"
    "Serves POST …/chat/completions and GET …/models like an OpenAI-compatible provider. --port 0 (the "
    "default)\n"
    "lets the kernel choose; the address is printed on standard output. --record keeps the latest requests.\n"
    "GET /mock/stats, /mock/requests[?id=REQUEST_ID] and /mock/reset tell what was seen.\n"
    "\n"
    "Members say how a request is answered; for one request, put them behind the model name\n"
    "(\"model\": \"mock?status=429&retry_after=7\") or in the body (\"mock\": {\"status\": 429}):\n";

int Fail(const std::string& text) {
  std::fprintf(stderr, "aisix-mock-provider: %s\n", text.c_str());
  return 2;
}

// -1: go on, else the exit code.
int ParseCommandLine(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      std::fputs(kUsage, stdout);
      std::fputs(aisix::mock::MemberList().c_str(), stdout);
      return 0;
    }
    if (name == "--record") {
      options.record = true;
      continue;
    }
    if (name.rfind("--", 0) != 0) return Fail("unexpected argument " + name);
    if (++i == argc) return Fail(name + " wants a value");
    const char* value = argv[i];
    if (name == "--host") {
      options.host = value;
    } else if (name == "--port") {
      options.port = std::atoi(value);
    } else if (name == "--workers") {
      options.workers = std::atoi(value);
    } else if (!aisix::mock::SetMember(options.defaults, name.substr(2), value)) {
      return Fail("unknown option or bad value: " + name + " " + value);
    }
  }
  if (options.workers < 1) return Fail("--workers must be at least 1");
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (int code = ParseCommandLine(argc, argv, options); code >= 0) return code;

  // Replies of megabytes are made for each request: without pages that are new each time.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);

  // Thousands of streams at once: the usual soft limit of 1024 descriptors is for programs that use select().
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }

  // Blocked before any thread exists, so that only sigwait below sees them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Statistics statistics(options.record);
  std::deque<Worker> workers;
  for (int i = 0; i < options.workers; ++i) {
    int fd = aisix::mock::BindSocket(options.host.c_str(), options.port);
    if (fd < 0)
      return Fail("cannot bind " + options.host + ":" + std::to_string(options.port) + ": " +
                  strerror(errno));
    workers.emplace_back(fd, options.defaults, statistics);
  }
  std::vector<std::thread> threads;
  for (Worker& worker : workers) {
    threads.emplace_back([&worker] {
      if (int error = worker.Run(); error != 0) {
        std::fprintf(stderr, "aisix-mock-provider: cannot listen: %s\n", uv_strerror(error));
        std::_Exit(1);
      }
    });
  }
  std::printf("listening http://%s:%d\n", options.host.c_str(), options.port);
  std::fflush(stdout);

  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  for (Worker& worker : workers) worker.Stop();
  for (std::thread& thread : threads) thread.join();
  return 0;
}
