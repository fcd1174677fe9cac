// The process log (spec 01 §12, 11 §2): one text line per record on stderr,
//   2026-01-31T08:15:30.123456Z  INFO request{request_id=…}: target: message name=value … zone=proxy pid=42
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::log {

enum class Level : uint8_t { kError, kWarn, kInfo, kDebug, kTrace };

// Which records are written, from comma-separated directives (spec 01 §12). A value.
class Filter {
 public:
  Filter();  // writes nothing
  // An invalid directive is an error that names it: `invalid log filter directive "…"`.
  static absl::StatusOr<Filter> Parse(std::string_view directives);
  // `rust_log` wins when it is set and valid (also when it is empty: then nothing is written).
  static absl::StatusOr<Filter> Choose(std::string_view log_level, const std::string* rust_log);
  bool Enabled(Level level, std::string_view target) const;

 private:
  struct Directive {
    std::string target;  // empty: every target
    int level;           // -1: off, else the highest Level that is written
  };
  std::vector<Directive> directives_;  // the longest matching target decides
};

// A text that is printed as it is, without quotes.
struct Display {
  std::string_view text;
};

// An optional value that is not there: the field is left out of the line.
struct Absent {};

// One `name=value`. A string_view is quoted and escaped; borrowed for the length of the call.
struct Field {
  std::string_view name;
  std::variant<std::string_view, Display, int64_t, uint64_t, double, bool, Absent> value;
};

// Writes records of one process. Made by main() and passed by reference; every method may be called from any
// thread. Write never blocks a caller on the terminal once StartWriter ran: lines pass through a bounded
// queue, and what does not fit is counted and reported in a later line.
class Logger {
 public:
  // `fd` is borrowed. Colours only when it is a terminal.
  Logger(std::string zone, Filter filter, int fd = 2);
  // Writes what is queued, for at most two seconds: a reader that stalls must not keep the process alive.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Starts the writer thread: call it after the sandbox is locked. Before it (and in the supervisor, which
  // has no threads), Write writes at once, and drops the line when nobody reads for 100 ms.
  void StartWriter();
  void SetFilter(Filter filter);  // before StartWriter only
  bool Enabled(Level level, std::string_view target) const;
  void Write(Level level, std::string_view target, std::string_view message,
             std::initializer_list<Field> fields = {}, std::string_view request_id = {});
  uint64_t dropped() const { return dropped_->load(std::memory_order_relaxed); }

 private:
  class Writer;
  void WriteNow(std::string_view line);

  std::string suffix_;  // " zone=… pid=…\n"
  Filter filter_;
  int fd_;
  bool colour_;
  uint64_t unreported_ = 0;  // dropped by WriteNow since the last line that got through
  // Shared with the writer's thread, which may outlive this object.
  std::shared_ptr<std::atomic<uint64_t>> dropped_;
  std::shared_ptr<Writer> writer_;
};

}  // namespace aisix::log
