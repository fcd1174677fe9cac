#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/url/url.h"

namespace aisix::url {
namespace {

constexpr size_t kMaxName = 253;
constexpr size_t kMaxLabel = 63;

absl::StatusOr<std::string> CanonicalIpv6(std::string_view text) {
  in6_addr address;
  // No zone index: it names an interface of this machine.
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) {
    return absl::InvalidArgumentError("invalid IPv6 address");
  }
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &address, buffer, sizeof buffer);
  return std::string(buffer);
}

// What inet_aton would take for a number: all digits, or 0x and hexadecimal digits.
bool LooksNumeric(std::string_view label) {
  if (label.empty()) return false;
  if (std::all_of(label.begin(), label.end(), absl::ascii_isdigit)) return true;
  if (label.size() < 2 || label[0] != '0' || (label[1] != 'x' && label[1] != 'X')) return false;
  label.remove_prefix(2);
  return std::all_of(label.begin(), label.end(), absl::ascii_isxdigit);
}

bool IsIpv4(std::string_view text) {
  in_addr address;
  return inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

}  // namespace

bool IsAddress(std::string_view host) {
  in6_addr address;
  return IsIpv4(host) || inet_pton(AF_INET6, std::string(host).c_str(), &address) == 1;
}

absl::StatusOr<std::string> CanonicalHost(std::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("empty host");
  if (text.front() == '[') {
    if (text.back() != ']') return absl::InvalidArgumentError("invalid IPv6 address");
    return CanonicalIpv6(text.substr(1, text.size() - 2));
  }
  if (text.find(':') != std::string_view::npos) return CanonicalIpv6(text);

  std::string_view name = text;
  if (name.back() == '.') name.remove_suffix(1);  // the root label is allowed and kept
  if (name.empty() || name.size() > kMaxName) return absl::InvalidArgumentError("invalid host name");
  std::string_view last;
  for (std::string_view rest = name;;) {
    size_t dot = rest.find('.');
    last = rest.substr(0, dot);
    if (last.empty() || last.size() > kMaxLabel) return absl::InvalidArgumentError("invalid host name");
    for (char c : last) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') {
        return absl::InvalidArgumentError("invalid character in host name");
      }
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (LooksNumeric(last) && !IsIpv4(text)) return absl::InvalidArgumentError("invalid IPv4 address");
  return absl::AsciiStrToLower(std::string(text));
}

std::string Canonical(const HostPort& endpoint) {
  if (endpoint.host.find(':') != std::string::npos) {
    return absl::StrCat("[", endpoint.host, "]:", endpoint.port);
  }
  return absl::StrCat(endpoint.host, ":", endpoint.port);
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return absl::InvalidArgumentError("no port");
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  // An IPv6 address needs its brackets here: "::1" would otherwise be the host "::" and the port 1.
  if (host.find(':') != std::string_view::npos && host.front() != '[') {
    return absl::InvalidArgumentError("an IPv6 address needs brackets");
  }
  HostPort result;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  if (error != std::errc() || end != digits.data() + digits.size() || result.port == 0) {
    return absl::InvalidArgumentError("invalid port number");
  }
  auto canonical = CanonicalHost(host);
  if (!canonical.ok()) return canonical.status();
  result.host = *std::move(canonical);
  return result;
}

}  // namespace aisix::url
