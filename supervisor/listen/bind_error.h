// What an operator reads when a listener cannot be bound: what happened, and exactly what to change.
#pragma once

#include <string>

#include "lib/config/zone_config.h"
#include "supervisor/listen/address.h"
#include "supervisor/listen/capabilities.h"

namespace aisix::supervisor {

struct BindFailure {
  const config::ListenerSpec& spec;
  const Address& address;
  int error = 0;                 // errno
  BindPrivilege privilege;       // at the start
  std::string program;           // this program's file, for setcap
  uint16_t first_free_port = 0;  // net.ipv4.ip_unprivileged_port_start
  std::string own_listener;      // another listener of this process that has the address; empty: none
};

// The first line is that of spec 01 §6, rows 16–18, without `Error: `. No newline at the end.
std::string DescribeBindFailure(const BindFailure& failure);

// Of this network namespace; 1024 when it cannot be read.
uint16_t FirstUnprivilegedPort();

}  // namespace aisix::supervisor
