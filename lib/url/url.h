// Absolute URLs as the gateway needs them: small, strict, one reading only. Every part that decides where a
// connection goes (destinations, upstream requests) uses this parser, so that none of them can disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace aisix::url {

// A host and a port. A value; `host` is canonical: lower case, an IPv6 address in its shortest form and
// without brackets.
struct HostPort {
  std::string host;
  uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
};

// "host:port", "[::1]:port": the form in which destinations are named and compared.
std::string Canonical(const HostPort& endpoint);

// Reads "host:port", "1.2.3.4:80", "[::1]:443". The port is required and above 0.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// Checks a host and brings it to its canonical form. Accepts a name (letters, digits, `-`, `_`, dots; at
// most 253 characters), a dotted IPv4 address or an IPv6 address with or without brackets. What resolvers
// would read as a number in disguise ("0x7f.1", "2130706433") is refused.
absl::StatusOr<std::string> CanonicalHost(std::string_view text);

// True for the text of an IPv4 or IPv6 address (no brackets).
bool IsAddress(std::string_view host);

// A parsed absolute URL. A value.
struct Url {
  std::string scheme;    // lower case
  std::string userinfo;  // as written, without the `@`
  std::string host;      // canonical, see HostPort
  uint16_t port = 0;     // as written, else the scheme's default (http, https, ws, wss, redis, rediss)
  bool explicit_port = false;
  std::string path;   // as written: empty, or begins with `/`
  std::string query;  // as written, without the `?`
  bool has_query = false;
  std::string fragment;  // as written, without the `#`
  bool has_fragment = false;

  // Where a connection for this URL goes.
  HostPort endpoint() const { return {host, port}; }
  // Value of the Host header: the port only when it is not the scheme's default one.
  std::string HostHeader() const;
  // "scheme://host[:port]", without userinfo.
  std::string Origin() const;
  // What stands in a request line: path ("/" when empty) and query.
  std::string Target() const;
};

// The port a scheme implies; 0 when there is none.
uint16_t DefaultPort(std::string_view scheme);

// Parses `scheme://[userinfo@]host[:port][/path][?query][#fragment]`. Refused with INVALID_ARGUMENT and a
// short reason ("relative URL without a base", "empty host", "invalid port number" …): no scheme, spaces,
// control or non-ASCII characters, backslashes, a bad host or port, an unknown scheme without a port.
absl::StatusOr<Url> Parse(std::string_view text);

// Decodes %XX. nullopt: an incomplete or non-hexadecimal escape, or a decoded NUL. `+` stays `+`.
std::optional<std::string> PercentDecode(std::string_view text);

// Escapes everything but A-Z a-z 0-9 - _ . ~
std::string PercentEncode(std::string_view text);

// True when a query parameter of this name carries a credential: the name, lower-cased and without `-` and
// `_`, ends in key, token, secret, password, credential, sig or signature (spec 07 §3.1).
bool IsCredentialName(std::string_view name);

// Replaces the values of credential-like query parameters by REDACTED, in one URL.
std::string RedactQuery(std::string_view url);

// The same for every http(s) or ws(s) URL inside a longer text, and hides userinfo.
std::string RedactUrls(std::string_view text);

}  // namespace aisix::url
