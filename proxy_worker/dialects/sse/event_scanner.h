// Cuts a stream of server-sent events into events without changing a byte (spec 05 §10.2, 07 §2.9).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proxy_worker/dialects/byte_buffer.h"

namespace aisix::proxy::sse {

// One event, or a block of comments and blank lines, as it came. Views are valid until the scanner is used
// again.
struct Event {
  std::string_view bytes;  // all of it, with the blank line that ends it
  // 1 when the first byte is the LF of a CR LF whose CR ended the event before; 0 else.
  size_t prefix = 0;
  size_t data_lines = 0;
  std::string_view data;  // of the first data line; with several of them use JoinData
};

// The payload of an event with several data lines: joined by LF.
void JoinData(std::string_view event_bytes, std::string& out);

// Lines may end in LF, CR LF or CR, and reads may be cut anywhere. Feed a piece, then take events until there
// is none; what is left of the piece is kept. Belongs to one loop.
class EventScanner {
 public:
  EventScanner(async::BufferPool& pool, size_t max_event_bytes) : kept_(pool), limit_(max_event_bytes) {}

  // `bytes` are borrowed until Next() has returned false.
  void Feed(std::string_view bytes);
  bool Next(Event& event);
  // The bytes from the next event's beginning on, for a reader that knows how it ends; empty when a part of
  // it was taken already.
  std::string_view Ahead() const {
    const bool untouched = line_ == event_ && data_lines_ == 0 && prefix_ == 0;
    return untouched && !after_cr_ && !first_line_ && !overflow_ ? work_.substr(event_) : std::string_view();
  }
  // Passes an event of so many of those bytes, which ends with LF.
  void Skip(size_t size) { line_ = scanned_ = event_ += size; }
  // After the end of the stream: the last event when its blank line is missing.
  bool Last(Event& event);
  // An event grew beyond the limit; nothing more will come.
  bool overflow() const { return overflow_; }

 private:
  bool EndLine(size_t line_end, size_t next, Event& event);
  void Keep();
  void TakeLine(std::string_view line);
  void Emit(size_t end, Event& event);

  ByteBuffer kept_;        // an unfinished event of earlier pieces
  std::string_view work_;  // kept_ and the piece, or the piece alone
  bool work_is_kept_ = false;
  size_t event_ = 0;    // positions in work_
  size_t line_ = 0;     // start of the line that is read
  size_t scanned_ = 0;  // no line end in [line_, scanned_)
  size_t prefix_ = 0;
  size_t data_lines_ = 0;
  size_t data_offset_ = 0;  // of the first data line's value, from event_
  size_t data_length_ = 0;
  bool after_cr_ = false;  // the last byte seen was a CR: an LF that follows belongs to it
  bool has_cr_ = false;    // there may be a CR in the part of work_ that was not scanned
  bool first_line_ = true;
  bool overflow_ = false;
  const size_t limit_;
};

}  // namespace aisix::proxy::sse
