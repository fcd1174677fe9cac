#include "admin_worker/api/health_query.h"

#include "lib/ipc/zone_client.h"

namespace aisix::admin {

std::optional<std::string> AskHealth(const ipc::RpcChannel& channel) {
  absl::StatusOr<std::optional<std::string>> answer = ipc::QueryStatus(channel, "health", kHealthLimit);
  if (!answer.ok()) return std::nullopt;
  return *std::move(answer);
}

HealthQuery::HealthQuery(async::Loop& loop, const ipc::RpcChannel& channel)
    : loop_(loop), channel_(channel), thread_([this] { Serve(); }) {}

HealthQuery::~HealthQuery() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

async::Task<std::optional<std::string>> HealthQuery::Ask() {
  auto pending = std::make_shared<Pending>();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(pending);
  }
  wake_.notify_one();
  co_await pending->done.Wait();
  co_return std::move(pending->answer);
}

void HealthQuery::Serve() {
  while (true) {
    std::deque<std::shared_ptr<Pending>> asked;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      asked.swap(waiting_);
    }
    // One question answers everybody who waits.
    const std::optional<std::string> answer = AskHealth(channel_);
    loop_.Post([asked = std::move(asked), answer] {
      for (const std::shared_ptr<Pending>& pending : asked) {
        pending->answer = answer;
        pending->done.Set();
      }
    });
  }
}

}  // namespace aisix::admin
