// Keys and values as etcd tells them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aisix::admin::etcd {

struct KeyValue {
  std::string key, value;
  int64_t mod_revision = 0;
};

struct Change {
  std::string key;
  std::optional<std::string> value;  // nullopt: deleted
  int64_t revision = 0;              // of the put or the deletion
};

// What one response of a watch held: complete transactions, in order.
struct ChangeBatch {
  int64_t revision = 0;  // etcd's revision when it sent this
  std::vector<Change> changes;
};

}  // namespace aisix::admin::etcd
