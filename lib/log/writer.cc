#include "lib/log/writer.h"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "lib/log/record.h"

namespace aisix::log {
namespace {

constexpr size_t kQueueBytes = 4 << 20;
// After a batch the thread naps instead of waiting to be woken: under load a producer then never pays for a
// wake-up, and lines share a write.
constexpr std::chrono::milliseconds kNap{2};

int64_t NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool IsFile(int fd) {
  struct stat about {};
  return ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

}  // namespace

bool WriteFully(int fd, std::string_view lines, int patience_ms) {
  while (!lines.empty()) {
    pollfd waiting{fd, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, patience_ms);
    if (ready == 0) return false;
    if (ready < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    const ssize_t written = ::write(fd, lines.data(), lines.size());
    if (written < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return false;
    }
    lines.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::string DroppedLine(uint64_t count, std::string_view suffix, bool colour) {
  std::string line;
  AppendRecord(line, {NowUs(), Level::kWarn, "aisix_obs::log", "log lines dropped", {{"count", count}}, {}},
               colour);
  line.append(suffix);
  return line;
}

Logger::Writer::Writer(int fd, std::string suffix, bool colour,
                       std::shared_ptr<std::atomic<uint64_t>> dropped)
    : fd_(fd),
      file_(IsFile(fd)),
      suffix_(std::move(suffix)),
      colour_(colour),
      total_dropped_(std::move(dropped)) {}

void Logger::Writer::Start(const std::shared_ptr<Writer>& writer) {
  std::thread([writer] { writer->Run(); }).detach();
}

void Logger::Writer::Push(std::string_view line) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() + line.size() > kQueueBytes) {
      ++unreported_;
      total_dropped_->fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.append(line);
    wake = std::exchange(idle_, false);
  }
  if (wake) filled_.notify_one();
}

void Logger::Writer::Finish(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  filled_.notify_one();
  done_.wait_for(lock, patience, [this] { return finished_; });
}

void Logger::Writer::Run() {
  std::string batch;
  while (true) {
    uint64_t dropped = 0;
    {
      std::unique_lock lock(mutex_);
      if (queue_.empty() && !finishing_) {
        idle_ = true;
        filled_.wait(lock, [this] { return !queue_.empty() || finishing_; });
        idle_ = false;
      }
      if (queue_.empty() && unreported_ == 0) {  // finishing
        finished_ = true;
        done_.notify_all();
        return;
      }
      batch.clear();
      batch.swap(queue_);
      dropped = std::exchange(unreported_, 0);
    }
    WriteBatch(batch);
    if (dropped > 0) WriteFully(fd_, DroppedLine(dropped, suffix_, colour_), -1);
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, kNap, [this] { return finishing_; });
  }
}

// A line is never split over two writes: up to PIPE_BUF bytes a pipe keeps them together, whoever else
// writes to it. Longer lines stand alone. A file keeps any write together.
void Logger::Writer::WriteBatch(std::string_view lines) const {
  if (file_) {
    WriteFully(fd_, lines, -1);
    return;
  }
  while (!lines.empty()) {
    size_t end = lines.size();
    if (end > PIPE_BUF) {
      end = lines.rfind('\n', PIPE_BUF - 1);
      if (end == std::string_view::npos) end = lines.find('\n');
      ++end;
    }
    if (!WriteFully(fd_, lines.substr(0, end), -1)) return;
    lines.remove_prefix(end);
  }
}

}  // namespace aisix::log
