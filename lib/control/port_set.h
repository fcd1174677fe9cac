// TCP ports that egress may connect to, as the admin zone tells them to the supervisor and the supervisor to
// egress (DESIGN §1.3).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace aisix::control {

// A value.
class PortSet {
 public:
  // More ports than this are not told apart: every port.
  static constexpr size_t kLargest = 1000;

  PortSet() = default;
  explicit PortSet(std::set<uint16_t> ports) : any_(ports.size() > kLargest) {
    if (!any_) ports_ = std::move(ports);
  }
  static PortSet Any() {
    PortSet ports;
    ports.any_ = true;
    return ports;
  }

  bool any() const { return any_; }
  // Of any(): empty.
  const std::set<uint16_t>& ports() const { return ports_; }
  bool Contains(uint16_t port) const { return any_ || ports_.contains(port); }
  bool Includes(const PortSet& other) const;
  bool operator==(const PortSet&) const = default;

  // "443,8000", "" or "*".
  std::string Encode() const;
  // INVALID_ARGUMENT: not such a text.
  static absl::StatusOr<PortSet> Decode(std::string_view text);

 private:
  bool any_ = false;
  std::set<uint16_t> ports_;
};

}  // namespace aisix::control
