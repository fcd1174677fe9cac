#include "admin_worker/source/etcd/keeper.h"

#include <algorithm>
#include <utility>

#include "lib/os/wipe_stack.h"

namespace aisix::admin::etcd {
namespace {

constexpr std::string_view kTarget = "aisix_admin::etcd";
constexpr absl::Duration kInterval = absl::Milliseconds(250);  // between two writes at least (spec 00)
// A large file is written more rarely: at most so much of the time goes into it.
constexpr int kShare = 10;

}  // namespace

Keeper::Keeper(StateLog& log, const CacheFile* cache, const EtcdStatus& status, std::function<void()> forget,
               log::Logger& logger)
    : log_(log), cache_(cache), status_(status), forget_elsewhere_(std::move(forget)), logger_(logger) {}

Keeper::~Keeper() {
  Stop();
}

void Keeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Keeper::Note(VersionPtr version) {
  {
    const std::lock_guard lock(mutex_);
    latest_ = std::move(version);
    changed_ = true;
  }
  wake_.notify_all();
}

void Keeper::Forget() {
  {
    const std::lock_guard lock(mutex_);
    forget_ = true;
  }
  wake_.notify_all();
}

void Keeper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Keeper::Run() {
  absl::Duration pause;
  while (true) {
    VersionPtr version;  // null: as before
    bool rewrite = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, absl::ToChronoMilliseconds(pause), [this] { return stopping_; });
      wake_.wait(lock, [this] { return stopping_ || changed_ || forget_; });
      if (!changed_ && !forget_) return;
      if (std::exchange(changed_, false)) version = latest_;
      rewrite = std::exchange(forget_, false);
    }
    const absl::Time begin = absl::Now();
    if (rewrite || log_.wants_rewrite()) Rewrite();
    if (cache_ != nullptr && version != nullptr) WriteCache(version);
    pause = std::max(kInterval, kShare * (absl::Now() - begin));
    if (rewrite) forget_elsewhere_();
    os::WipeStack();
  }
}

void Keeper::Rewrite() {
  const absl::Status status = log_.Rewrite([this] {
    const std::lock_guard lock(mutex_);
    return StateLog::Image{latest_->generation, latest_->table, status_.Save()};
  });
  if (!status.ok())
    logger_.Write(log::Level::kError, kTarget, "cannot keep the state for the next admin worker",
                  {{"error", std::string_view(status.message().data(), status.message().size())}});
}

void Keeper::WriteCache(const VersionPtr& version) {
  const absl::Status status = cache_->Write(version->generation, version->table);
  const std::string error(status.message().data(), status.message().size());
  if (!status.ok() && error != told_error_)
    logger_.Write(log::Level::kWarn, kTarget, "the snapshot cache cannot be written",
                  {{"path", std::string_view(cache_->path())}, {"error", std::string_view(error)}});
  told_error_ = error;
}

}  // namespace aisix::admin::etcd
