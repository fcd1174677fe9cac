// What is known of etcd, as it is kept outside of this process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin_worker/source/etcd/client/change.h"
#include "admin_worker/source/etcd/documents/ledger.h"

namespace aisix::admin::etcd {

struct SavedSnapshot {
  int64_t revision = 0;
  std::vector<KeyValue> entries;  // in the order of the keys
  std::vector<SavedPin> pins;
  std::string status;  // of the state memory only (EtcdStatus::Save)
};

}  // namespace aisix::admin::etcd
