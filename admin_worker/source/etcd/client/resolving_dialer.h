// Dials names: resolves them and tries their addresses one after the other.
#pragma once

#include <string>

#include "lib/dns/resolver.h"
#include "lib/net/dialer.h"

namespace aisix::admin::etcd {

// Loop thread only.
class ResolvingDialer final : public net::Dialer {
 public:
  ResolvingDialer(async::Loop& loop, dns::Settings settings);
  void SetSettings(dns::Settings settings) { resolver_.SetSettings(std::move(settings)); }

  async::Task<absl::StatusOr<os::UniqueFd>> Dial(std::string host, uint16_t port,
                                                 uint64_t timeout_ms) override;

 private:
  class Lookup;
  async::Loop& loop_;
  dns::Resolver resolver_;
  net::DirectDialer direct_;
};

}  // namespace aisix::admin::etcd
