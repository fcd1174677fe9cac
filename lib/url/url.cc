#include "lib/url/url.h"

#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace aisix::url {
namespace {

bool ValidScheme(std::string_view scheme) {
  if (scheme.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(scheme.front()))) return false;
  for (char c : scheme) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

absl::Status ReadAuthority(std::string_view authority, Url& url) {
  // The last `@` ends the userinfo, as in every URL parser that browsers follow; a host cannot hold one.
  if (size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  std::string_view host = authority;
  std::string_view port;
  bool has_colon = false;
  if (!authority.empty() && authority.front() == '[') {
    size_t close = authority.find(']');
    if (close == std::string_view::npos) return absl::InvalidArgumentError("invalid IPv6 address");
    host = authority.substr(0, close + 1);
    port = authority.substr(close + 1);
    if (!port.empty()) {
      if (port.front() != ':') return absl::InvalidArgumentError("invalid port number");
      port.remove_prefix(1);
      has_colon = true;
    }
  } else if (size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    has_colon = true;
  }
  auto canonical = CanonicalHost(host);
  if (!canonical.ok()) return canonical.status();
  url.host = *std::move(canonical);
  url.port = DefaultPort(url.scheme);
  if (has_colon && !port.empty()) {
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return absl::InvalidArgumentError("invalid port number");
    }
    url.explicit_port = true;
  }
  if (url.port == 0) return absl::InvalidArgumentError("no port");
  return absl::OkStatus();
}

}  // namespace

uint16_t DefaultPort(std::string_view scheme) {
  if (scheme == "https" || scheme == "wss") return 443;
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "redis" || scheme == "rediss") return 6379;
  return 0;
}

absl::StatusOr<Url> Parse(std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '\\') {
      return absl::InvalidArgumentError("invalid character in URL");
    }
  }
  size_t separator = text.find("://");
  if (separator == std::string_view::npos || !ValidScheme(text.substr(0, separator))) {
    return absl::InvalidArgumentError("relative URL without a base");
  }
  Url url;
  url.scheme = absl::AsciiStrToLower(std::string(text.substr(0, separator)));
  std::string_view rest = text.substr(separator + 3);

  size_t end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  if (absl::Status status = ReadAuthority(authority, url); !status.ok()) return status;

  if (size_t hash = rest.find('#'); hash != std::string_view::npos) {
    url.fragment = rest.substr(hash + 1);
    url.has_fragment = true;
    rest = rest.substr(0, hash);
  }
  if (size_t mark = rest.find('?'); mark != std::string_view::npos) {
    url.query = rest.substr(mark + 1);
    url.has_query = true;
    rest = rest.substr(0, mark);
  }
  url.path = rest;
  return url;
}

std::string Url::HostHeader() const {
  std::string bracketed = host.find(':') != std::string::npos ? absl::StrCat("[", host, "]") : host;
  if (port == DefaultPort(scheme)) return bracketed;
  return absl::StrCat(bracketed, ":", port);
}

std::string Url::Origin() const {
  return absl::StrCat(scheme, "://", HostHeader());
}

std::string Url::Target() const {
  std::string target = path.empty() ? "/" : path;
  if (has_query) absl::StrAppend(&target, "?", query);
  return target;
}

}  // namespace aisix::url
