#include "lib/control/port_set.h"

#include <algorithm>
#include <charconv>

namespace aisix::control {
namespace {

constexpr std::string_view kAny = "*";

}  // namespace

bool PortSet::Includes(const PortSet& other) const {
  if (any_) return true;
  return !other.any_ && std::includes(ports_.begin(), ports_.end(), other.ports_.begin(), other.ports_.end());
}

std::string PortSet::Encode() const {
  if (any_) return std::string(kAny);
  std::string text;
  for (const uint16_t port : ports_) {
    if (!text.empty()) text.push_back(',');
    text += std::to_string(port);
  }
  return text;
}

absl::StatusOr<PortSet> PortSet::Decode(std::string_view text) {
  if (text == kAny) return Any();
  std::set<uint16_t> ports;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    uint16_t port = 0;
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), port);
    const bool last = word.size() == text.size();
    if (error != std::errc() || rest != word.data() + word.size() ||
        (!last && word.size() + 1 == text.size())) {
      return absl::InvalidArgumentError("not a list of ports");
    }
    ports.insert(port);
    text.remove_prefix(last ? word.size() : word.size() + 1);
  }
  return PortSet(std::move(ports));
}

}  // namespace aisix::control
