// The thread that carries lines from the threads of a process to its log.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "lib/log/logger.h"

namespace aisix::log {

// Writes all of `lines` to `fd`; waits at most `patience_ms` (-1: for ever) each time there is no room.
// False: given up.
bool WriteFully(int fd, std::string_view lines, int patience_ms);

// The line that tells how many lines are missing, with its end of line.
std::string DroppedLine(uint64_t count, std::string_view suffix, bool colour);

// A bounded queue and its thread. Push may be called from any thread and never waits for the log's reader.
class Logger::Writer {
 public:
  Writer(int fd, std::string suffix, bool colour, std::shared_ptr<std::atomic<uint64_t>> dropped);

  // The thread shares ownership: it may be stuck in write() when the process ends.
  static void Start(const std::shared_ptr<Writer>& writer);

  // `line` ends with its only end of line.
  void Push(std::string_view line);

  // Ends the thread once the queue is written, waiting for it at most `patience`.
  void Finish(std::chrono::milliseconds patience);

 private:
  void Run();
  void WriteBatch(std::string_view lines) const;

  const int fd_;
  const bool file_;  // a regular file, not a pipe or a terminal
  const std::string suffix_;
  const bool colour_;
  const std::shared_ptr<std::atomic<uint64_t>> total_dropped_;

  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable done_;
  std::string queue_;        // whole lines; guarded, as all below
  uint64_t unreported_ = 0;  // dropped since the last report
  bool idle_ = false;        // the thread sleeps until it is woken
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace aisix::log
