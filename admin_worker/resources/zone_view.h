// What each zone is told (DESIGN §2): the documents that it uses, and for egress the destinations that they
// lead to.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "admin_worker/resources/document_set.h"

namespace aisix::admin {

// Kind (plural name, or "destinations") and id.
using ViewKey = std::pair<std::string, std::string>;
using ZoneView = std::map<ViewKey, DocumentPtr>;

// Every kind but the exporters, whose credentials are none of the proxy's business.
ZoneView ProxyView(const DocumentSet& documents);

// Canonical host:port of everything that the documents lead to, and `fixed` ones of the start-up
// configuration.
std::set<std::string> Destinations(const DocumentSet& documents, const std::vector<std::string>& fixed);
ZoneView EgressView(const std::set<std::string>& destinations);

// What turns `before` into `after`. A document whose text is the same is not sent again.
struct ViewDelta {
  std::vector<ViewKey> upserts;
  std::vector<ViewKey> removals;
  bool empty() const { return upserts.empty() && removals.empty(); }
};
ViewDelta Difference(const ZoneView& before, const ZoneView& after);

}  // namespace aisix::admin
