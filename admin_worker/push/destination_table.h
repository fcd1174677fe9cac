// The places that the accepted documents lead to (DESIGN §1.3), kept up to date by what changes.
#pragma once

#include <string>
#include <vector>

#include "admin_worker/push/zone_content.h"
#include "admin_worker/resources/document_set.h"

namespace aisix::admin {

// One thread.
class DestinationTable {
 public:
  // `fixed`: of the start-up configuration; they never go.
  explicit DestinationTable(const std::vector<std::string>& fixed);

  // The documents are `documents` now. Looks only at those that changed since the last call. True: a
  // destination came or went.
  bool Update(const DocumentSet& documents);
  const DestinationSet& destinations() const { return destinations_; }

 private:
  DocumentSet documents_;
  DestinationSet destinations_;
};

}  // namespace aisix::admin
