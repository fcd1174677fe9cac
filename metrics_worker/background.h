// Calls that wait, kept off the event loop.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "lib/async/loop.h"

namespace aisix::metrics_zone {

// A few threads. Make it after the sandbox is locked. Run: loop thread only.
class Background {
 public:
  Background(async::Loop& loop, int threads);
  ~Background();  // waits for the work that runs; what is queued is dropped
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // `work` on one of the threads, then `done` on the loop.
  void Run(absl::AnyInvocable<void()> work, absl::AnyInvocable<void()> done);

 private:
  struct Job {
    absl::AnyInvocable<void()> work;
    absl::AnyInvocable<void()> done;
  };
  void Serve();

  async::Loop& loop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<Job> jobs_;
  std::vector<std::thread> threads_;
};

}  // namespace aisix::metrics_zone
