#include "lib/log/logger.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "lib/log/record.h"
#include "lib/log/writer.h"

namespace aisix::log {
namespace {

constexpr std::chrono::milliseconds kFlushPatience{2000};
constexpr int kDirectPatienceMs = 100;

}  // namespace

Logger::Logger(std::string zone, Filter filter, int fd)
    : suffix_(fmt::format(" zone={} pid={}\n", zone, ::getpid())),
      filter_(std::move(filter)),
      fd_(fd),
      colour_(::isatty(fd) == 1),
      dropped_(std::make_shared<std::atomic<uint64_t>>(0)) {}

Logger::~Logger() {
  if (writer_ != nullptr) writer_->Finish(kFlushPatience);
}

void Logger::StartWriter() {
  if (writer_ != nullptr) return;
  auto writer = std::make_shared<Writer>(fd_, suffix_, colour_, dropped_);
  Writer::Start(writer);
  writer_ = std::move(writer);
}

void Logger::SetFilter(Filter filter) {
  filter_ = std::move(filter);
}

bool Logger::Enabled(Level level, std::string_view target) const {
  return filter_.Enabled(level, target);
}

void Logger::Write(Level level, std::string_view target, std::string_view message,
                   std::initializer_list<Field> fields, std::string_view request_id) {
  if (!filter_.Enabled(level, target)) return;
  const int64_t now_us = std::chrono::duration_cast<std::chrono::microseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
  // Kept by the thread, so that a line costs no allocation.
  thread_local std::string line;
  line.clear();
  AppendRecord(line, {now_us, level, target, message, fields, request_id}, colour_);
  line.append(suffix_);
  if (writer_ != nullptr) {
    writer_->Push(line);
  } else {
    WriteNow(line);
  }
}

void Logger::WriteNow(std::string_view line) {
  if (unreported_ > 0 && WriteFully(fd_, DroppedLine(unreported_, suffix_, colour_), kDirectPatienceMs)) {
    unreported_ = 0;
  }
  if (!WriteFully(fd_, line, kDirectPatienceMs)) {
    ++unreported_;
    dropped_->fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace aisix::log
