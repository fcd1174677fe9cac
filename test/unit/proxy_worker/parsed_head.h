// Heads for tests, parsed as from the wire.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lib/http/wire/head_parser.h"

namespace aisix::proxy {

class ParsedHead {
 public:
  // `lines`: header lines, each ended by CRLF; a Host line is added.
  explicit ParsedHead(std::string_view lines)
      : text_("GET / HTTP/1.1\r\nhost: gateway\r\n" + std::string(lines) + "\r\n"),
        parser_(http::HeadParser::Type::kRequest, limits_) {
    EXPECT_EQ(parser_.Parse(text_.data(), text_.size()), http::HeadParser::Result::kDone) << text_;
  }
  const http::Headers& headers() const { return parser_.request().headers; }

 private:
  std::string text_;
  http::HeadLimits limits_;
  http::HeadParser parser_;
};

}  // namespace aisix::proxy
