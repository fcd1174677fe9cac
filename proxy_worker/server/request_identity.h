// The id of a request and the trace it belongs to (spec 05 §2, 11 §10).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/http/head.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// Random bytes for identifiers, fetched from the TLS library in blocks. Belongs to one loop.
class IdentifierSource {
 public:
  IdentifierSource() = default;
  IdentifierSource(const IdentifierSource&) = delete;
  IdentifierSource& operator=(const IdentifierSource&) = delete;

  // A random UUID (version 4) as text.
  void Uuid(std::span<char, 36> out);
  // 32 lower-case hexadecimal digits, not all zero.
  void TraceId(std::span<char, 32> out);

 private:
  void Take(std::span<uint8_t, 16> out);

  std::array<uint8_t, 1024> bytes_{};
  size_t used_ = sizeof(bytes_);
};

// Fills request_id: the first acceptable value among the headers named by `accept_headers` (lower case), else
// a new one.
void ResolveRequestId(const http::Headers& headers, const std::vector<std::string>& accept_headers,
                      IdentifierSource& identifiers, RequestContext& context);

// Fills trace: the caller's, when there is exactly one valid version-00 `traceparent`; else a new one.
void ResolveTrace(const http::Headers& headers, IdentifierSource& identifiers, TraceContext& trace);

}  // namespace aisix::proxy
