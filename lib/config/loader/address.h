// Socket addresses and networks as the start-up configuration writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aisix::config {

// A literal "IPv4:port" or "[IPv6]:port" in canonical form; host names and a missing host are refused
// (spec 01 §5.3).
std::optional<std::string> CanonicalSocketAddress(std::string_view text);

// "10.0.0.0/8": an address with a prefix length, or an address alone, which is a network of one. Host bits
// are cleared in the canonical form that is returned.
std::optional<std::string> CanonicalNetwork(std::string_view text);

enum class Reach {
  kLoopback,
  kPrivate,  // RFC 1918, unique local, link-local
  kPublic,   // everything else; the unspecified address too, since it listens on every address
};

// Who can reach a listener on a canonical socket address.
Reach ReachOf(std::string_view socket_address);

// The networks that are never dialled unless configured otherwise: cloud metadata, multicast, unspecified
// addresses (spec 00).
std::vector<std::string> DefaultDenyNetworks();

// Adds the IPv4-mapped IPv6 form of every IPv4 network: the same hosts under another name.
std::vector<std::string> WithMappedForms(std::vector<std::string> networks);

}  // namespace aisix::config
