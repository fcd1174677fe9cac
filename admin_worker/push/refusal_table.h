// Documents that a zone refused although they were accepted (DESIGN §2): until their source changes them,
// every zone gets the value that was in service before.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "admin_worker/resources/document_set.h"

namespace aisix::admin {

// One refusal that stands. It is a defect of this build, and is reported as one.
struct PushRefusal {
  std::string zone;
  model::Kind kind = model::Kind::kProviderKey;
  std::string id;
  int64_t revision = 0;  // of the refused value
  std::string reason;
  bool previous_serves = false;  // false: there was no earlier value, so the document is not in service
};

// One thread.
class RefusalTable {
 public:
  // `zone` refused the document in `pushed`; `before`: what it had acknowledged until then. A refused
  // substitute is not tried again.
  void Add(const std::string& zone, const DocumentKey& key, std::string reason, const DocumentSet& pushed,
           const DocumentSet& before);
  // What the zones should have instead of `wanted`. Forgets refusals of documents that `wanted` holds another
  // text of, or none.
  DocumentSet Substitute(const DocumentSet& wanted);

  std::vector<PushRefusal> List() const;
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    std::string zone;
    std::string reason;
    DocumentPtr refused;
    DocumentPtr substitute;  // null: none
  };
  std::map<DocumentKey, Entry> entries_;
};

}  // namespace aisix::admin
