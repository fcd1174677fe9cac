// Asks the proxy about the health of its models without holding up the loop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "lib/async/event.h"
#include "lib/async/loop.h"
#include "lib/async/task.h"
#include "lib/ipc/rpc_channel.h"

namespace aisix::admin {

// The longest time for which an answer is awaited; after it the models are taken for healthy.
inline constexpr std::chrono::milliseconds kHealthLimit(1000);

// Make it after the sandbox is locked: it starts a thread. The loop and the channel are borrowed.
class HealthQuery {
 public:
  HealthQuery(async::Loop& loop, const ipc::RpcChannel& channel);
  ~HealthQuery();
  HealthQuery(const HealthQuery&) = delete;
  HealthQuery& operator=(const HealthQuery&) = delete;

  // What the proxy said; nothing when it did not answer in time. Loop thread only.
  async::Task<std::optional<std::string>> Ask();

 private:
  struct Pending {
    async::Event done;
    std::optional<std::string> answer;
  };
  void Serve();

  async::Loop& loop_;
  const ipc::RpcChannel& channel_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<std::shared_ptr<Pending>> waiting_;
  std::thread thread_;
};

// The same from a thread that may wait.
std::optional<std::string> AskHealth(const ipc::RpcChannel& channel);

}  // namespace aisix::admin
