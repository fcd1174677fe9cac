#include "proxy_worker/dialects/sse/event_scanner.h"

#include <algorithm>
#include <cstring>

namespace aisix::proxy::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The value of a `data` line.
bool DataValue(std::string_view line, std::string_view& value) {
  if (!line.starts_with("data")) return false;
  line.remove_prefix(4);
  if (line.empty()) {
    value = line;
    return true;
  }
  if (line.front() != ':') return false;
  line.remove_prefix(1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  value = line;
  return true;
}

size_t FindLineEnd(std::string_view text, size_t from, bool may_have_cr) {
  const char* const begin = text.data() + from;
  const auto* const lf = static_cast<const char*>(std::memchr(begin, '\n', text.size() - from));
  const char* end = lf;
  if (may_have_cr) {
    const size_t length = lf == nullptr ? text.size() - from : static_cast<size_t>(lf - begin);
    const auto* const cr = static_cast<const char*>(std::memchr(begin, '\r', length));
    if (cr != nullptr) end = cr;
  }
  return end == nullptr ? std::string_view::npos : static_cast<size_t>(end - text.data());
}

}  // namespace

void JoinData(std::string_view event_bytes, std::string& out) {
  out.clear();
  bool first = true;
  while (!event_bytes.empty()) {
    const size_t end = std::min(event_bytes.find_first_of("\r\n"), event_bytes.size());
    std::string_view value;
    if (DataValue(event_bytes.substr(0, end), value)) {
      if (!first) out.push_back('\n');
      out.append(value);
      first = false;
    }
    // The LF of a CR LF makes an empty line, which is no data line.
    event_bytes.remove_prefix(std::min(end + 1, event_bytes.size()));
  }
}

void EventScanner::Feed(std::string_view bytes) {
  has_cr_ = std::memchr(bytes.data(), '\r', bytes.size()) != nullptr || (has_cr_ && !kept_.empty());
  if (kept_.empty()) {
    work_ = bytes;
    work_is_kept_ = false;
    return;
  }
  kept_.append(bytes);
  work_ = kept_.view();
  work_is_kept_ = true;
}

void EventScanner::TakeLine(std::string_view line) {
  if (first_line_) {
    first_line_ = false;
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  }
  std::string_view value;
  if (!DataValue(line, value)) return;
  if (data_lines_++ > 0) return;
  data_offset_ = static_cast<size_t>(value.data() - work_.data()) - event_;
  data_length_ = value.size();
}

void EventScanner::Emit(size_t end, Event& event) {
  event.bytes = work_.substr(event_, end - event_);
  event.prefix = prefix_;
  prefix_ = 0;
  event.data_lines = data_lines_;
  event.data = data_lines_ > 0 ? event.bytes.substr(data_offset_, data_length_) : std::string_view();
  data_lines_ = 0;
}

bool EventScanner::EndLine(size_t line_end, size_t next, Event& event) {
  const bool blank = line_end == line_;
  if (!blank) TakeLine(work_.substr(line_, line_end - line_));
  if (blank) {
    first_line_ = false;
    Emit(next, event);
    event_ = next;
  }
  line_ = scanned_ = next;
  return blank;
}

bool EventScanner::Next(Event& event) {
  while (!overflow_ && scanned_ < work_.size()) {
    if (after_cr_) {
      after_cr_ = false;
      if (work_[line_] == '\n') {
        if (line_ == event_) prefix_ = 1;
        scanned_ = ++line_;
        continue;
      }
    }
    const size_t at = FindLineEnd(work_, scanned_, has_cr_);
    if (at == std::string_view::npos) {
      scanned_ = work_.size();
      break;
    }
    size_t next = at + 1;
    if (work_[at] == '\r') {
      if (next < work_.size()) {
        if (work_[next] == '\n') ++next;
      } else {
        after_cr_ = true;
      }
    }
    if (EndLine(at, next, event)) return true;
  }
  Keep();
  return false;
}

void EventScanner::Keep() {
  const size_t left = work_.size() - event_;
  if (left > limit_) overflow_ = true;
  if (work_is_kept_) {
    kept_.RemovePrefix(event_);
  } else {
    kept_.append(work_.substr(event_));
  }
  line_ -= event_;
  scanned_ -= event_;
  event_ = 0;
  work_ = kept_.view();
  work_is_kept_ = true;
}

bool EventScanner::Last(Event& event) {
  if (overflow_ || event_ >= work_.size()) return false;
  if (after_cr_) after_cr_ = false;
  if (line_ < work_.size()) TakeLine(work_.substr(line_));
  Emit(work_.size(), event);
  event_ = line_ = scanned_ = work_.size();
  return true;
}

}  // namespace aisix::proxy::sse
