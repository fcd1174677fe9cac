// Addresses that are never dialled, whatever name led to them (spec 00, egress.deny_cidrs).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/net/address.h"
#include "lib/net/network.h"

namespace aisix::egress {

// The IPv4 address inside an IPv4-mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96) or IPv4-compatible (::/96)
// address; any other address as it is. An attacker's AAAA record must not reach what an A record cannot.
net::Address Unmapped(const net::Address& address);

// Judges one address before it is dialled. Immutable; any thread.
class AddressRules {
 public:
  // `own_endpoints`: the gateway's listeners, canonical ip:port. INVALID_ARGUMENT names the entry that is
  // bad.
  static absl::StatusOr<AddressRules> Make(const std::vector<std::string>& deny_cidrs,
                                           const std::vector<std::string>& own_endpoints);

  // Why `address` may not be dialled; empty when it may.
  std::string_view Refusal(const net::Address& address) const;
  // The same for a connection that exists: a listener on every address of this machine is recognised by a
  // connection whose both ends have one address.
  std::string_view Refusal(const net::Address& local, const net::Address& peer) const;

 private:
  std::vector<net::Network> denied_;
  std::vector<net::Address> own_;
};

}  // namespace aisix::egress
