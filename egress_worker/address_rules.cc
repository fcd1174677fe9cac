#include "egress_worker/address_rules.h"

#include <algorithm>

#include "lib/url/url.h"

namespace aisix::egress {
namespace {

using Family = net::Address::Family;

constexpr std::string_view kDenied = "the address is in a denied network";
constexpr std::string_view kOwn = "the address is one of the gateway's own listeners";

bool IsUnspecified(const net::Address& address) {
  return std::all_of(address.bytes.begin(), address.bytes.end(), [](uint8_t byte) { return byte == 0; });
}

bool IsLoopback(const net::Address& address) {
  if (address.family == Family::kIpv4) return address.bytes[0] == 127;
  return std::all_of(address.bytes.begin(), address.bytes.end() - 1,
                     [](uint8_t byte) { return byte == 0; }) &&
         address.bytes[15] == 1;
}

}  // namespace

net::Address Unmapped(const net::Address& address) {
  if (address.family != Family::kIpv6) return address;
  static constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::array<uint8_t, 12> kNat64{0, 0x64, 0xff, 0x9b};
  static constexpr std::array<uint8_t, 12> kCompatible{};
  auto begins = [&](const std::array<uint8_t, 12>& prefix) {
    return std::equal(prefix.begin(), prefix.end(), address.bytes.begin());
  };
  bool embeds = begins(kMapped) || begins(kNat64) ||
                (begins(kCompatible) && !IsLoopback(address) && !IsUnspecified(address));
  if (!embeds) return address;
  net::Address inner;
  inner.family = Family::kIpv4;
  inner.port = address.port;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), inner.bytes.begin());
  return inner;
}

absl::StatusOr<AddressRules> AddressRules::Make(const std::vector<std::string>& deny_cidrs,
                                                const std::vector<std::string>& own_endpoints) {
  AddressRules rules;
  for (const std::string& text : deny_cidrs) {
    absl::StatusOr<net::Network> network = net::Network::Parse(text);
    if (!network.ok()) return network.status();
    rules.denied_.push_back(*network);
  }
  for (const std::string& text : own_endpoints) {
    absl::StatusOr<url::HostPort> endpoint = url::ParseHostPort(text);
    if (!endpoint.ok()) return absl::InvalidArgumentError("not an endpoint: " + text);
    net::Address address = Unmapped(net::ParseAddress(endpoint->host, endpoint->port));
    if (address.family == Family::kNone) return absl::InvalidArgumentError("not an endpoint: " + text);
    rules.own_.push_back(address);
  }
  return rules;
}

std::string_view AddressRules::Refusal(const net::Address& address) const {
  net::Address inner = Unmapped(address);
  for (const net::Network& network : denied_) {
    if (network.Contains(address) || network.Contains(inner)) return kDenied;
  }
  for (const net::Address& own : own_) {
    if (own.port != inner.port) continue;
    // Linux connects an unspecified address to this machine.
    if (own == inner || (IsUnspecified(own) && (IsLoopback(inner) || IsUnspecified(inner)))) return kOwn;
    if (IsLoopback(own) && IsUnspecified(inner)) return kOwn;
  }
  return {};
}

std::string_view AddressRules::Refusal(const net::Address& local, const net::Address& peer) const {
  net::Address near = Unmapped(local);
  net::Address far = Unmapped(peer);
  if (near.family != far.family || near.bytes != far.bytes) return {};
  for (const net::Address& own : own_) {
    if (own.port == far.port && IsUnspecified(own)) return kOwn;
  }
  return {};
}

}  // namespace aisix::egress
