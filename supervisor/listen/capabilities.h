// The one capability that the supervisor can use, and giving it up (DESIGN §1.2).
#pragma once

#include "absl/status/status.h"

namespace aisix::supervisor {

// What this process was started with, as far as ports below net.ipv4.ip_unprivileged_port_start go. A value.
struct BindPrivilege {
  bool permitted = false;        // CAP_NET_BIND_SERVICE can be raised
  bool in_bounding_set = false;  // a file capability could have given it
  bool no_new_privs = false;     // a file capability gives nothing that the executing process did not hold
  bool in_file = false;          // the program's file carries it
};

// Before KeepOnlyBindCapability.
BindPrivilege ReadBindPrivilege();

// Gives up everything but a permitted, not effective CAP_NET_BIND_SERVICE, also as root: the ambient,
// inheritable and effective sets are emptied, and the bounding set where CAP_SETPCAP allows it; no_new_privs
// keeps any program executed from here on from gaining something. uid 0 stays uid 0 (nothing here calls
// setuid): it then has what the modes of files give to their owner.
absl::Status KeepOnlyBindCapability();

// Makes a permitted CAP_NET_BIND_SERVICE effective. False: it is not permitted.
bool RaiseBindCapability();
void LowerBindCapability();

// Empties the permitted, effective, inheritable and ambient sets of this process, for good.
absl::Status DropCapabilities();

}  // namespace aisix::supervisor
