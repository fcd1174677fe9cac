// Which upstreams are reached through an HTTP proxy (spec 05 §9).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/http/client.h"
#include "lib/net/network.h"
#include "lib/net/security.h"

namespace aisix::proxy {

// The entries of NO_PROXY: `*`, names (with everything below them, with or without a leading dot or `*.`),
// addresses, networks; names and addresses may have a port. What cannot be read excepts nothing.
class NoProxy {
 public:
  explicit NoProxy(const std::vector<std::string>& entries);

  // `host`: canonical, without brackets. Names are not resolved to be compared with networks.
  bool Contains(std::string_view host, uint16_t port) const;

 private:
  struct Name {
    std::string domain;
    uint16_t port = 0;  // 0: any
  };
  struct Range {
    net::Network network;
    uint16_t port = 0;
  };
  void Add(std::string_view entry);

  bool all_ = false;
  std::vector<Name> names_;
  std::vector<Range> ranges_;
};

// Immutable; any thread.
class OutboundProxies {
 public:
  // Without any proxy.
  OutboundProxies() : exceptions_({}) {}
  // `security`: towards proxies that speak TLS themselves; null is allowed when none does.
  OutboundProxies(const config::OutboundProxies& configured,
                  const std::shared_ptr<const net::ClientSecurity>& security);

  // Null: connect directly. `secured`: the upstream's URL is https.
  std::shared_ptr<const http::HttpProxy> For(std::string_view host, uint16_t port, bool secured) const;

 private:
  std::shared_ptr<const http::HttpProxy> https_;
  std::shared_ptr<const http::HttpProxy> http_;
  NoProxy exceptions_;
};

}  // namespace aisix::proxy
