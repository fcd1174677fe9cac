#include "lib/net/network.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace aisix::net {
namespace {

int Length(Address::Family family) {
  return family == Address::Family::kIpv4 ? 32 : 128;
}

}  // namespace

absl::StatusOr<Network> Network::Parse(std::string_view text) {
  Network network;
  size_t slash = text.find('/');
  network.base_ = ParseAddress(std::string(text.substr(0, slash)), 0);
  if (network.base_.family == Address::Family::kNone) {
    return absl::InvalidArgumentError("not a network: " + std::string(text));
  }
  network.bits_ = Length(network.base_.family);
  if (slash != std::string_view::npos) {
    std::string_view digits = text.substr(slash + 1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.bits_);
    if (error != std::errc() || end != digits.data() + digits.size() || network.bits_ < 0 ||
        network.bits_ > Length(network.base_.family)) {
      return absl::InvalidArgumentError("not a network: " + std::string(text));
    }
  }
  return network;
}

bool Network::Contains(const Address& address) const {
  if (address.family != base_.family) return false;
  int whole = bits_ / 8;
  if (!std::equal(base_.bytes.begin(), base_.bytes.begin() + whole, address.bytes.begin())) return false;
  int rest = bits_ % 8;
  if (rest == 0) return true;
  int shift = 8 - rest;
  return base_.bytes[whole] >> shift == address.bytes[whole] >> shift;
}

}  // namespace aisix::net
