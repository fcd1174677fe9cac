#include "proxy_worker/upstream/outbound_proxies.h"

#include <charconv>
#include <optional>
#include <utility>

#include "lib/crypto/base64.h"

namespace aisix::proxy {
namespace {

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// "example.com:8080" -> 8080, and cuts it off; 0: none. "::1" has none, "[::1]:80" has.
uint16_t TakePort(std::string_view& entry) {
  const size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos) return 0;
  const bool bracketed = entry.starts_with('[');
  if (bracketed ? entry[colon - 1] != ']' : entry.find(':') != colon) return 0;
  const std::optional<uint16_t> port = ParsePort(entry.substr(colon + 1));
  if (!port) return 0;
  entry = entry.substr(0, colon);
  return *port;
}

std::shared_ptr<const http::HttpProxy> Make(const std::optional<config::OutboundProxy>& configured,
                                            const std::shared_ptr<const net::ClientSecurity>& security) {
  if (!configured) return nullptr;
  auto proxy = std::make_shared<http::HttpProxy>();
  proxy->host = configured->host;
  proxy->port = static_cast<uint16_t>(configured->port);
  if (configured->has_credentials) {
    proxy->authorization = "Basic " + crypto::Base64Encode(configured->username + ":" + configured->password);
  }
  if (configured->tls) proxy->security = security;
  return proxy;
}

}  // namespace

NoProxy::NoProxy(const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) Add(entry);
}

void NoProxy::Add(std::string_view entry) {
  if (entry == "*") {
    all_ = true;
    return;
  }
  const uint16_t port = TakePort(entry);
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (absl::StatusOr<net::Network> network = net::Network::Parse(entry); network.ok()) {
    ranges_.push_back({*std::move(network), port});
    return;
  }
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (!entry.empty()) names_.push_back({std::string(entry), port});
}

bool NoProxy::Contains(std::string_view host, uint16_t port) const {
  if (all_) return true;
  const auto is_port = [port](uint16_t wanted) { return wanted == 0 || wanted == port; };
  const net::Address address = net::ParseAddress(std::string(host), port);
  if (address.family != net::Address::Family::kNone) {
    for (const Range& range : ranges_) {
      if (is_port(range.port) && range.network.Contains(address)) return true;
    }
    return false;
  }
  for (const Name& name : names_) {
    if (!is_port(name.port) || !host.ends_with(name.domain)) continue;
    const std::string_view before = host.substr(0, host.size() - name.domain.size());
    if (before.empty() || before.ends_with('.')) return true;
  }
  return false;
}

OutboundProxies::OutboundProxies(const config::OutboundProxies& configured,
                                 const std::shared_ptr<const net::ClientSecurity>& security)
    : https_(Make(configured.https, security)),
      http_(Make(configured.http, security)),
      exceptions_(configured.exceptions) {}

std::shared_ptr<const http::HttpProxy> OutboundProxies::For(std::string_view host, uint16_t port,
                                                            bool secured) const {
  const std::shared_ptr<const http::HttpProxy>& proxy = secured ? https_ : http_;
  if (proxy == nullptr || exceptions_.Contains(host, port)) return nullptr;
  return proxy;
}

}  // namespace aisix::proxy
