// The text of a resources file out of what etcd holds (spec 02 §8).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/etcd/client/change.h"
#include "admin_worker/source/etcd/documents/acceptance.h"

namespace aisix::admin::etcd {

struct ExportedText {
  std::string yaml;
  uint64_t resources = 0;
  std::vector<std::pair<std::string, Refused>> rejected;  // by key
  std::vector<std::string> issues;                        // the file will not load because of these
  std::vector<std::string> warnings;
  std::map<std::string, std::string> variables;  // to be set before the file is loaded, with their values
};

ExportedText WriteResources(const KeySpace& keys, const SchemaCatalog& schemas,
                            const std::vector<KeyValue>& entries, bool reveal_secrets);

}  // namespace aisix::admin::etcd
