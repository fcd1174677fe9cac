// One request head and the response head's text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/mock_provider/behaviour.h"

namespace aisix::mock {

struct Request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool keep_alive = true;

  std::string_view Path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view Find(std::string_view lower_case_name) const;
  void Clear();
};

enum class Framing { kLength, kChunked, kUntilClose };

struct HeadOptions {
  int64_t status = 200;
  std::string_view content_type = "application/json";
  Framing framing = Framing::kLength;
  uint64_t length = 0;
  bool close = false;
};

// Appends the status line and headers, the behaviour's extra ones included, up to and with the empty line.
void AppendHead(std::string& out, const HeadOptions& options, const Behaviour& behaviour);

}  // namespace aisix::mock
