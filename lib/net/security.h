// How a security layer (lib/tls) plugs into servers and clients that do not link one.
#pragma once

#include <string>

#include "lib/net/transport.h"

namespace aisix::net {

// Shared by loops; immutable. A new certificate is a new object (spec 01 §7.3).
class ServerSecurity {
 public:
  virtual ~ServerSecurity() = default;
  // Waits for the caller's handshake; the receiver learns of its end by OnOpen or OnEnd.
  virtual TransportPtr Accept(async::Loop& loop, TransportPtr plain) const = 0;
};

class ClientSecurity {
 public:
  virtual ~ClientSecurity() = default;
  // Begins the handshake with a server that must prove to be `host` (a name, or an address without brackets).
  // `port` only tells apart the sessions that are kept for resumption.
  virtual TransportPtr Connect(async::Loop& loop, TransportPtr plain, const std::string& host,
                               uint16_t port) const = 0;
};

}  // namespace aisix::net
