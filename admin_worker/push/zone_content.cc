#include "admin_worker/push/zone_content.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kDestinationKind = "destinations";
constexpr std::string_view kEmptyDocument = "{}";

}  // namespace

bool IsUsedByProxy(model::Kind kind) {
  return kind != model::Kind::kObservabilityExporter;
}

std::vector<PushItem> ProxyContent::ChangesSince(const ZoneContent* before) const {
  static const DocumentSet kNothing;
  const DocumentSet& old_documents =
      before == nullptr ? kNothing : static_cast<const ProxyContent*>(before)->documents_;
  std::vector<PushItem> items;
  if (before == nullptr) items.reserve(documents_.size());
  DocumentSet::ForEachDifference(
      old_documents, documents_,
      [&](model::Kind kind, const std::string& id, const DocumentPtr& old, const DocumentPtr& now) {
        if (!IsUsedByProxy(kind)) return;
        PushItem item{model::CollectionName(kind), id, now == nullptr, 0, {}};
        if (now != nullptr) {
          if (old != nullptr && old->json() == now->json()) return;
          item.revision = now->revision();
          item.json = now->json();
        }
        items.push_back(item);
      });
  return items;
}

std::vector<PushItem> EgressContent::ChangesSince(const ZoneContent* before) const {
  static const DestinationSet kNothing;
  const DestinationSet& old_destinations =
      before == nullptr ? kNothing : static_cast<const EgressContent*>(before)->destinations_;
  std::vector<PushItem> items;
  DestinationSet::ForEachDifference(
      old_destinations, destinations_,
      [&](const std::string& destination, const uint32_t* old, const uint32_t* now) {
        if (old != nullptr && now != nullptr) return;  // another number of users is no news
        items.push_back({kDestinationKind, destination, now == nullptr, 0, kEmptyDocument});
      });
  return items;
}

bool EgressContent::Includes(const EgressContent& other) const {
  bool all = true;
  DestinationSet::ForEachDifference(
      destinations_, other.destinations_,
      [&](const std::string&, const uint32_t* mine, const uint32_t*) { all = all && mine != nullptr; });
  return all;
}

DestinationSet Union(const DestinationSet& a, const DestinationSet& b) {
  DestinationSet::Editor editor(a);
  DestinationSet::ForEachDifference(
      a, b, [&](const std::string& destination, const uint32_t* in_a, const uint32_t* in_b) {
        if (in_a == nullptr) editor.Put(destination, *in_b);
      });
  return editor.Finish();
}

}  // namespace aisix::admin
