// What the name of a listener (config::ListenerSpec) stands for.
#pragma once

#include <string>
#include <string_view>

#include "supervisor/process/zone.h"

namespace aisix::supervisor {

// The zone that accepts on it: "proxy", "proxy.1" … are the proxy's.
Zone ZoneOfListener(std::string_view listener);

// The start-up key of its address: "proxy.addr", "proxy.listeners[0].addr" …
std::string AddressKey(std::string_view listener);

}  // namespace aisix::supervisor
