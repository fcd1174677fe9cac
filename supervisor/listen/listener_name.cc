#include "supervisor/listen/listener_name.h"

#include <fmt/core.h>

#include <charconv>

namespace aisix::supervisor {

Zone ZoneOfListener(std::string_view listener) {
  if (listener == "admin") return Zone::kAdmin;
  if (listener == "metrics") return Zone::kMetrics;
  return Zone::kProxy;
}

std::string AddressKey(std::string_view listener) {
  if (listener == "metrics") return "observability.metrics.prometheus.addr";
  constexpr std::string_view kFurther = "proxy.";
  if (listener.starts_with(kFurther)) {
    const std::string_view digits = listener.substr(kFurther.size());
    unsigned number = 1;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return fmt::format("proxy.listeners[{}].addr", number - 1);
  }
  return fmt::format("{}.addr", listener);
}

}  // namespace aisix::supervisor
