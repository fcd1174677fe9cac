// Networks of addresses.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "lib/net/address.h"

namespace aisix::net {

// "10.0.0.0/8", "fd00::/8", or a single address. A value.
class Network {
 public:
  static absl::StatusOr<Network> Parse(std::string_view text);
  bool Contains(const Address& address) const;

 private:
  Address base_;
  int bits_ = 0;
};

}  // namespace aisix::net
