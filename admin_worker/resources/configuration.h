// One complete configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admin_worker/resources/document_set.h"

namespace aisix::admin {

// Immutable once it is shared.
struct Configuration {
  int64_t generation = 0;  // of the file, or revision of etcd: the revision of a push
  std::string config_hash;
  DocumentSet documents;
  bool loaded = true;  // false: the source has nothing yet
};

using ConfigurationPtr = std::shared_ptr<const Configuration>;

}  // namespace aisix::admin
