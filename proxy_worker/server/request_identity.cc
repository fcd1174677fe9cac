#include "proxy_worker/server/request_identity.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

namespace aisix::proxy {
namespace {

// Two lower-case digits for each byte.
constexpr auto kHex = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {kDigits[byte >> 4], kDigits[byte & 0x0f]};
  return pairs;
}();

void PutHex(uint8_t byte, char* out) {
  std::memcpy(out, kHex[byte].data(), 2);
}

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

bool IsAcceptableId(std::string_view id) {
  constexpr size_t kLongest = 256;
  if (id.empty() || id.size() > kLongest) return false;
  return std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
}

}  // namespace

void IdentifierSource::Take(std::span<uint8_t, 16> out) {
  if (used_ + out.size() > bytes_.size()) {
    RAND_bytes(bytes_.data(), bytes_.size());  // BoringSSL's cannot fail
    used_ = 0;
  }
  std::memcpy(out.data(), bytes_.data() + used_, out.size());
  used_ += out.size();
}

void IdentifierSource::Uuid(std::span<char, 36> out) {
  std::array<uint8_t, 16> random;
  Take(random);
  random[6] = static_cast<uint8_t>((random[6] & 0x0f) | 0x40);
  random[8] = static_cast<uint8_t>((random[8] & 0x3f) | 0x80);
  size_t at = 0;
  for (size_t i = 0; i < random.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out[at++] = '-';
    PutHex(random[i], &out[at]);
    at += 2;
  }
}

void IdentifierSource::TraceId(std::span<char, 32> out) {
  std::array<uint8_t, 16> random;
  Take(random);
  if (std::all_of(random.begin(), random.end(), [](uint8_t byte) { return byte == 0; })) random[15] = 1;
  for (size_t i = 0; i < random.size(); ++i) PutHex(random[i], &out[2 * i]);
}

void ResolveRequestId(const http::Headers& headers, const std::vector<std::string>& accept_headers,
                      IdentifierSource& identifiers, RequestContext& context) {
  for (const std::string& name : accept_headers) {
    const std::optional<std::string_view> value = headers.Find(name);
    if (value && IsAcceptableId(*value)) {
      context.request_id = *value;
      return;
    }
  }
  std::array<char, 36> minted;
  identifiers.Uuid(minted);
  context.request_id = std::string_view(minted.data(), minted.size());
}

void ResolveTrace(const http::Headers& headers, IdentifierSource& identifiers, TraceContext& trace) {
  constexpr std::string_view kName = "traceparent";
  constexpr size_t kLength = 55;
  const std::optional<std::string_view> value = headers.Find(kName);
  if (value && value->size() == kLength && value->starts_with("00-") && (*value)[35] == '-' &&
      (*value)[52] == '-' && headers.Count(kName) == 1) {
    const std::string_view trace_id = value->substr(3, 32);
    const std::string_view parent = value->substr(36, 16);
    const std::string_view flags = value->substr(53);
    if (IsHex(trace_id) && IsHex(parent) && IsHex(flags) && !IsZero(trace_id) && !IsZero(parent)) {
      std::copy(trace_id.begin(), trace_id.end(), trace.trace_id.begin());
      std::copy(parent.begin(), parent.end(), trace.parent_span.begin());
      return;
    }
  }
  identifiers.TraceId(trace.trace_id);
}

}  // namespace aisix::proxy
