#include "admin_worker/source/etcd/client/endpoint.h"

#include <fmt/format.h>

namespace aisix::admin::etcd {
namespace {

constexpr uint16_t kDefaultPort = 2379;

absl::Status Unusable(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("etcd.endpoints: \"{}\" {}", text, reason));
}

bool HasPort(std::string_view authority) {
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return false;
  if (bracket != std::string_view::npos) return colon > bracket;
  return authority.find(':') == colon;  // an IPv6 address without brackets has several
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text, bool tls) {
  Endpoint endpoint;
  endpoint.tls = tls;
  std::string_view authority = text;
  if (const size_t scheme_end = text.find("://"); scheme_end != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, scheme_end);
    authority = text.substr(scheme_end + 3);
    if (scheme == "http") {
      if (tls)
        return Unusable(text, "is plain text, but etcd.tls is set: write https:// or take etcd.tls out");
    } else if (scheme == "https") {
      endpoint.tls = true;
    } else {
      return Unusable(text, "is neither http:// nor https://");
    }
  }
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find_first_of("/?#@") != std::string_view::npos)
    return Unusable(text, "is more than a host and a port");
  if (HasPort(authority)) {
    const absl::StatusOr<url::HostPort> address = url::ParseHostPort(authority);
    if (!address.ok()) return Unusable(text, "is no host and port");
    endpoint.address = *address;
    return endpoint;
  }
  const absl::StatusOr<std::string> host = url::CanonicalHost(authority);
  if (!host.ok()) return Unusable(text, "is no host and port");
  endpoint.address = {*host, kDefaultPort};
  return endpoint;
}

}  // namespace

std::string Endpoint::Name() const {
  return fmt::format("{}://{}", tls ? "https" : "http", url::Canonical(address));
}

absl::StatusOr<std::vector<Endpoint>> ParseEndpoints(const std::vector<std::string>& texts, bool tls) {
  std::vector<Endpoint> endpoints;
  for (const std::string& text : texts) {
    absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text, tls);
    if (!endpoint.ok()) return endpoint.status();
    endpoints.push_back(*std::move(endpoint));
  }
  if (endpoints.empty()) return absl::InvalidArgumentError("etcd.endpoints is empty");
  return endpoints;
}

}  // namespace aisix::admin::etcd
