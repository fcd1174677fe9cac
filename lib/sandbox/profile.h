// What each zone may still do once it is locked: the table of DESIGN §1, one row per zone. Which system calls
// a word of a row stands for is written in mechanism/system_calls.cc, which Landlock rules in
// mechanism/landlock.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace aisix::sandbox {

// Every zone reads and writes the sockets that it was given, and passes descriptors over its links. None
// binds or listens, and none makes a socket of another kind than these.
enum class Network : uint8_t {
  kGiven,      // makes no socket and connects none
  kDialPorts,  // makes TCP and UDP sockets over IPv4 and IPv6; connects TCP to LockOptions::connect_ports
               // only
  kDial,       // the same to any port: LockOptions::any_port
};

enum class Listeners : uint8_t {
  kNone,
  kAccept,  // accepts connections on the listening sockets that it was given
};

enum class Files : uint8_t {
  kNone,            // opens no path: every file comes as a descriptor
  kStateDirectory,  // makes, reads, writes, renames and removes files in LockOptions::state_directory
};

enum class Pairs : uint8_t {
  kNone,
  kStream,  // makes pairs of connected stream sockets within itself: the TLS pump to etcd, the playground
};

struct Profile {
  std::string_view zone;
  Network network;
  Listeners listeners;
  Files files;
  Pairs pairs;
};

// clang-format off
//                                        zone        network              listeners           files                   pairs
inline constexpr Profile kProxyProfile   {"proxy",    Network::kGiven,     Listeners::kAccept, Files::kNone,           Pairs::kNone};
inline constexpr Profile kAdminProfile   {"admin",    Network::kDialPorts, Listeners::kAccept, Files::kStateDirectory, Pairs::kStream};
inline constexpr Profile kMetricsProfile {"metrics",  Network::kGiven,     Listeners::kAccept, Files::kNone,           Pairs::kNone};
inline constexpr Profile kEgressProfile  {"egress",   Network::kDialPorts, Listeners::kNone,   Files::kNone,           Pairs::kNone};
inline constexpr Profile kExporterProfile{"exporter", Network::kGiven,     Listeners::kNone,   Files::kNone,           Pairs::kNone};
// clang-format on

}  // namespace aisix::sandbox
