// What a head means, and what is refused although every single line of it is well-formed (DESIGN §5).
#include <algorithm>
#include <array>
#include <cstring>

#include "lib/http/wire/head_parser.h"

namespace aisix::http {
namespace {

constexpr uint64_t kMaxLength = uint64_t{1} << 62;

std::optional<uint64_t> ParseLength(std::string_view text) {
  if (text.empty() || text.size() > 19) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  if (value > kMaxLength) return std::nullopt;
  return value;
}

using Bytes = std::array<bool, 256>;

constexpr Bytes VisibleAsciiWithout(std::string_view others) {
  Bytes bytes{};
  for (size_t byte = 0x21; byte < 0x7f; ++byte) bytes[byte] = true;
  for (const char c : others) bytes[static_cast<unsigned char>(c)] = false;
  return bytes;
}

// Nothing that another reader could take for a part of a URL beside the authority.
constexpr Bytes kAuthority = VisibleAsciiWithout("/\\@?#<>\"^`{|},");
constexpr Bytes kTarget = VisibleAsciiWithout("#");

bool HasOnly(const Bytes& bytes, std::string_view text) {
  for (const char c : text) {
    if (!bytes[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

}  // namespace

// Exactly: method SP target SP HTTP/1.x CRLF.
HeadParser::Result HeadParser::CheckRequestLine(const char* data, const char** line_end) {
  request_.method = llhttp_method_name(static_cast<llhttp_method_t>(parser_.method));
  const size_t method_size = request_.method.size();
  if (target_.empty() || target_.data() != data + method_size + 1 ||
      std::memcmp(data, request_.method.data(), method_size) != 0 || data[method_size] != ' ') {
    return Fail(HeadError::kMalformed, "malformed request line");
  }
  const char* version = target_.data() + target_.size();
  if (std::memcmp(version, " HTTP/", 6) != 0) return Fail(HeadError::kMalformed, "malformed request line");
  if (parser_.http_major != 1 || parser_.http_minor > 1)
    return Fail(HeadError::kVersion, "unsupported version");
  request_.minor_version = parser_.http_minor;
  const char expected[] = {'1', '.', static_cast<char>('0' + parser_.http_minor), '\r', '\n'};
  if (std::memcmp(version + 6, expected, sizeof expected) != 0) {
    return Fail(HeadError::kMalformed, "malformed request line");
  }
  *line_end = version + 6 + sizeof expected;
  return Result::kDone;
}

HeadParser::Result HeadParser::CheckTarget() {
  request_.target = target_;
  if (!HasOnly(kTarget, target_)) return Fail(HeadError::kMalformed, "malformed request target");
  if (request_.method == "CONNECT") return Fail(HeadError::kConnectMethod, "CONNECT is not offered");
  std::string_view rest = target_;
  if (rest.front() != '/') {
    if (rest == "*" && request_.method == "OPTIONS") {
      request_.path = rest;
      request_.query = {};
      request_.has_query = false;
      return Result::kDone;
    }
    // Absolute form. It names the host a second time: two answers to "which host" are refused.
    const size_t scheme = rest.find("://");
    if (scheme == std::string_view::npos || (!EqualsIgnoreCase(rest.substr(0, scheme), "http") &&
                                             !EqualsIgnoreCase(rest.substr(0, scheme), "https"))) {
      return Fail(HeadError::kMalformed, "malformed request target");
    }
    rest.remove_prefix(scheme + 3);
    const size_t authority_size = std::min(rest.find_first_of("/?"), rest.size());
    const std::string_view authority = rest.substr(0, authority_size);
    if (authority.empty() || !HasOnly(kAuthority, authority) ||
        (request_.minor_version == 1 && !EqualsIgnoreCase(authority, request_.host))) {
      return Fail(HeadError::kMalformed, "request target and Host name different hosts");
    }
    rest.remove_prefix(authority_size);
  }
  const size_t question = rest.find('?');
  request_.path = rest.substr(0, question);
  if (request_.path.empty()) request_.path = "/";
  request_.has_query = question != std::string_view::npos;
  request_.query = request_.has_query ? rest.substr(question + 1) : std::string_view();
  return Result::kDone;
}

bool HeadParser::CollectFraming(bool* has_transfer_encoding, bool* chunked, std::optional<uint64_t>* length,
                                bool* close, bool* keep_alive) {
  for (const Header& line : headers().lines_) {
    // The length of the name rules nearly every header out.
    switch (line.name.size()) {
      case 10:
        if (!EqualsIgnoreCase(line.name, "connection")) break;
        *close = *close || ListHasToken(line.value, "close");
        *keep_alive = *keep_alive || ListHasToken(line.value, "keep-alive");
        break;
      case 14:
        if (!EqualsIgnoreCase(line.name, "content-length")) break;
        if (length->has_value())
          return Fail(HeadError::kConflictingContentLength, "more than one Content-Length"), false;
        *length = ParseLength(line.value);
        if (!length->has_value()) return Fail(HeadError::kMalformed, "malformed Content-Length"), false;
        break;
      case 17:
        if (!EqualsIgnoreCase(line.name, "transfer-encoding")) break;
        if (*has_transfer_encoding || !EqualsIgnoreCase(line.value, "chunked")) {
          return Fail(HeadError::kMalformed, "Transfer-Encoding other than chunked"), false;
        }
        *has_transfer_encoding = *chunked = true;
        break;
      default:
        break;
    }
  }
  if (*has_transfer_encoding && length->has_value()) {
    return Fail(HeadError::kMalformed, "Content-Length beside Transfer-Encoding"), false;
  }
  return true;
}

HeadParser::Result HeadParser::CheckRequest() {
  bool has_transfer_encoding = false;
  bool close = false;
  bool keep_alive = false;
  request_.chunked = false;
  request_.content_length.reset();
  if (!CollectFraming(&has_transfer_encoding, &request_.chunked, &request_.content_length, &close,
                      &keep_alive)) {
    return Result::kFailed;
  }
  if (has_transfer_encoding && request_.minor_version == 0) {
    return Fail(HeadError::kMalformed, "Transfer-Encoding in HTTP/1.0");
  }
  size_t hosts = 0;
  request_.host = {};
  request_.expect_continue = false;
  for (const Header& line : request_.headers) {
    if (line.name.size() == 4 && EqualsIgnoreCase(line.name, "host")) {
      ++hosts;
      request_.host = line.value;
    } else if (line.name.size() == 6 && EqualsIgnoreCase(line.name, "expect")) {
      request_.expect_continue = request_.minor_version == 1 && EqualsIgnoreCase(line.value, "100-continue");
    }
  }
  if (hosts > 1 || (hosts == 0 && request_.minor_version == 1)) {
    return Fail(HeadError::kMalformed, "not exactly one Host");
  }
  if (!HasOnly(kAuthority, request_.host)) return Fail(HeadError::kMalformed, "malformed Host");
  request_.keep_alive = !close && (request_.minor_version == 1 || keep_alive);
  return CheckTarget();
}

HeadParser::Result HeadParser::CheckResponse() {
  response_.chunked = false;
  response_.content_length.reset();
  bool has_transfer_encoding = false;
  bool close = false;
  bool keep_alive = false;
  if (!CollectFraming(&has_transfer_encoding, &response_.chunked, &response_.content_length, &close,
                      &keep_alive)) {
    return Result::kFailed;
  }
  if (response_.status < 100 || response_.status > 999)
    return Fail(HeadError::kMalformed, "malformed status");
  response_.keep_alive = !close && (response_.minor_version == 1 || keep_alive);
  return Result::kDone;
}

}  // namespace aisix::http
