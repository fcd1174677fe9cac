// Heads without anything unusual, which is nearly all of them, read at once and several bytes at a time. What
// this reader does not take is not refused: llhttp reads it, and its judgement counts.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "lib/http/head.h"

namespace aisix::http {

// The first line, and where the head ends. Views of the text that was read, but for the method.
struct PlainHead {
  std::string_view method;  // static text
  std::string_view target;
  int status = 0;
  std::string_view reason;
  size_t size = 0;  // with the empty line
};

// Whether `text` begins with a complete head of HTTP/1.1 in its plainest spelling: a common method and a
// path, or a status of three digits with a reason; names of letters, digits and hyphens; one blank or none
// before a value, none behind it; visible ASCII and blanks in values; CRLF. Its lines, at most `max_lines`,
// are appended to `lines`. False: `lines` has what was read so far, and `head` means nothing.
bool ReadPlainRequest(std::string_view text, size_t max_lines, PlainHead& head, std::vector<Header>& lines);
bool ReadPlainResponse(std::string_view text, size_t max_lines, PlainHead& head, std::vector<Header>& lines);

}  // namespace aisix::http
