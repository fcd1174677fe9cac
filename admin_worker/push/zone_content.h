// What one zone is told (DESIGN §2): the documents that it uses, or, for egress, the places that they lead
// to.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "admin_worker/resources/document_set.h"
#include "lib/persistent/map.h"

namespace aisix::admin {

// One line of a push. The texts are borrowed from the contents that it was made from.
struct PushItem {
  std::string_view kind;  // plural name, or "destinations"
  std::string_view id;
  bool removal = false;
  // Of what is no removal:
  int64_t revision = 0;
  std::string_view json;
};

// Immutable. Two contents that are compared are of one type.
class ZoneContent {
 public:
  virtual ~ZoneContent() = default;
  // What turns `before` into this; null: everything. Costs what differs.
  virtual std::vector<PushItem> ChangesSince(const ZoneContent* before) const = 0;
};

// Whether the proxy is told of documents of this kind: all but the exporters, whose credentials are none of
// its business.
bool IsUsedByProxy(model::Kind kind);

// A document whose text is the same is not sent again.
class ProxyContent final : public ZoneContent {
 public:
  explicit ProxyContent(DocumentSet documents) : documents_(std::move(documents)) {}
  std::vector<PushItem> ChangesSince(const ZoneContent* before) const override;
  const DocumentSet& documents() const { return documents_; }

 private:
  const DocumentSet documents_;
};

// Canonical host:port, each with the number of its users.
using DestinationSet = persistent::Map<uint32_t>;

class EgressContent final : public ZoneContent {
 public:
  explicit EgressContent(DestinationSet destinations) : destinations_(std::move(destinations)) {}
  std::vector<PushItem> ChangesSince(const ZoneContent* before) const override;
  const DestinationSet& destinations() const { return destinations_; }
  // Whether every one of `other` is among them.
  bool Includes(const EgressContent& other) const;

 private:
  const DestinationSet destinations_;
};

// The destinations of both.
DestinationSet Union(const DestinationSet& a, const DestinationSet& b);

}  // namespace aisix::admin
