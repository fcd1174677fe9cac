// What `/status/config` tells about the content (spec 02 §9.3).
#pragma once

#include <string>

#include "admin_worker/source/etcd/documents/observed.h"

namespace aisix::admin::etcd {

struct Hashes {
  std::string source;  // every observed key, refused ones included
  std::string config;  // what serves
};

// Tens of milliseconds for a hundred thousand keys: not for the path of a change.
Hashes ComputeHashes(const ObservedTable& table);

}  // namespace aisix::admin::etcd
