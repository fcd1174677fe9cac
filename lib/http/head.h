// Heads of HTTP messages, as views of the bytes that were received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace aisix::http {

// Borrowed. Of a received head: the value without surrounding blanks, and without CR, LF or NUL.
struct Header {
  std::string_view name;
  std::string_view value;
};

namespace internal {
bool SameIgnoringCase(const char* a, const char* b, size_t size);
}

// ASCII letters without regard to case.
inline bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size() || a.empty()) return a.size() == b.size();
  // Most names of equal length differ here.
  if (((a.back() ^ b.back()) & 0xDF) != 0) return false;
  return internal::SameIgnoringCase(a.data(), b.data(), a.size());
}
// Whether a byte below 0x20 (but a tab) or 0x7f is in it: it could end a line.
bool HasControlBytes(std::string_view text);
// Whether a comma-separated list (`close, TE`) has `token`, without regard to case.
bool ListHasToken(std::string_view list, std::string_view token);

// The header lines of a received head, in their order.
class Headers {
 public:
  // The first one of that name, without regard to case.
  std::optional<std::string_view> Find(std::string_view name) const;
  size_t Count(std::string_view name) const;
  std::span<const Header> all() const { return lines_; }
  auto begin() const { return lines_.begin(); }
  auto end() const { return lines_.end(); }
  size_t size() const { return lines_.size(); }

 private:
  friend class HeadParser;
  std::vector<Header> lines_;
};

// Views are valid until the exchange ends (or its head is released).
struct RequestHead {
  std::string_view method;  // "GET", …; one of those that llhttp knows
  std::string_view target;  // as sent: "/v1/models?limit=1", also "http://host/path" or "*"
  std::string_view path;    // still percent-encoded: "/v1/models"; "*" for `OPTIONS *`
  std::string_view query;   // without '?'; empty when there is none
  bool has_query = false;
  Headers headers;
  std::string_view host;                   // the Host header; empty when an HTTP/1.0 request has none
  std::optional<uint64_t> content_length;  // absent: no body, or chunked
  bool chunked = false;
  bool expect_continue = false;
  bool keep_alive = true;  // what the caller asked for
  int minor_version = 1;   // HTTP/1.0 or HTTP/1.1
  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  Headers headers;
  std::optional<uint64_t> content_length;  // of the body that follows on the wire
  bool chunked = false;
  bool keep_alive = true;
  int minor_version = 1;
};

// Bounds of a head: what exceeds them is refused.
struct HeadLimits {
  size_t max_bytes = 64 * 1024;
  size_t max_headers = 128;
};

// The standard reason of a status, "" when there is none.
std::string_view ReasonPhrase(int status);

}  // namespace aisix::http
