// What each zone may still do once it is locked: the table of DESIGN §1, one row per zone. What a word of a
// row means in system calls stands in call_groups.h, what it means in Landlock rules in landlock.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace aisix::sandbox {

// Every zone uses the sockets that it was given: it reads and writes them, accepts on its listeners, and
// passes descriptors over its links. No zone binds, and none makes another kind of socket than these.
enum class Network : uint8_t {
  kGiven,      // makes no socket, connects none
  kDialPorts,  // also: TCP and UDP over IPv4 and IPv6; TCP to LockOptions::connect_ports only (Landlock)
  kDial,  // also: TCP and UDP over IPv4 and IPv6, any port: its destinations are configured after the lock
};

enum class Files : uint8_t {
  kNone,            // opens no path: every file comes as a descriptor
  kStateDirectory,  // reads and writes below LockOptions::state_directory; without one: as kNone
};

enum class Pairs : uint8_t {
  kNone,
  kStream,  // makes pairs of connected stream sockets within itself (TLS to etcd, playground)
};

struct Profile {
  std::string_view zone;
  Network network;
  Files files;
  Pairs pairs;
};

// clang-format off
//                                          zone        network              files                   pairs
inline constexpr Profile kProxyProfile   {"proxy",    Network::kGiven,     Files::kNone,           Pairs::kNone};
inline constexpr Profile kMetricsProfile {"metrics",  Network::kGiven,     Files::kNone,           Pairs::kNone};
inline constexpr Profile kExporterProfile{"exporter", Network::kGiven,     Files::kNone,           Pairs::kNone};
inline constexpr Profile kEgressProfile  {"egress",   Network::kDial,      Files::kNone,           Pairs::kNone};
inline constexpr Profile kAdminProfile   {"admin",    Network::kDialPorts, Files::kStateDirectory, Pairs::kStream};
// clang-format on

}  // namespace aisix::sandbox
