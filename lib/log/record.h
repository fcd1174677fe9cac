// The layout of one line of the log (spec 11 §2), without writing it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "lib/log/logger.h"

namespace aisix::log {

struct Record {
  int64_t time_us = 0;  // since 1970
  Level level = Level::kInfo;
  std::string_view target;
  std::string_view message;
  std::initializer_list<Field> fields;
  std::string_view request_id;  // empty: not part of a request
};

// Appends the line up to its last field, without the end of line. Control characters are escaped everywhere,
// so that a value from outside cannot start a line of its own or colour the terminal.
void AppendRecord(std::string& out, const Record& record, bool colour);

}  // namespace aisix::log
