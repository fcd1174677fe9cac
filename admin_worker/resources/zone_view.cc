#include "admin_worker/resources/zone_view.h"

#include "lib/destinations/provider_key.h"
#include "lib/model/provider_key.h"

namespace aisix::admin {
namespace {

using model::Kind;

constexpr char kDestinationKind[] = "destinations";

}  // namespace

ZoneView ProxyView(const DocumentSet& documents) {
  ZoneView view;
  documents.ForEach([&](Kind kind, const std::string& id, const DocumentPtr& value) {
    if (kind != Kind::kObservabilityExporter) view.emplace(ViewKey(model::CollectionName(kind), id), value);
  });
  return view;
}

std::set<std::string> Destinations(const DocumentSet& documents, const std::vector<std::string>& fixed) {
  std::set<std::string> destinations(fixed.begin(), fixed.end());
  documents.ForEach(Kind::kProviderKey, [&](const std::string&, const DocumentPtr& value) {
    const absl::StatusOr<model::ProviderKey> decoded = model::ParseProviderKey(value->json());
    if (!decoded.ok()) return;  // it was accepted, so it decodes
    destinations::ProviderKeyFacts facts;
    facts.provider = decoded->provider;
    facts.adapter = model::AdapterSlug(decoded->adapter);
    if (decoded->api_base) facts.api_base = *decoded->api_base;
    facts.credential = decoded->api_key;
    for (std::string& destination : destinations::DestinationsOf(facts))
      destinations.insert(std::move(destination));
  });
  return destinations;
}

ZoneView EgressView(const std::set<std::string>& destinations) {
  ZoneView view;
  for (const std::string& destination : destinations)
    view.emplace(ViewKey(kDestinationKind, destination), MakeDocument(0, "{}"));
  return view;
}

ViewDelta Difference(const ZoneView& before, const ZoneView& after) {
  ViewDelta delta;
  auto old = before.begin();
  for (const auto& [key, value] : after) {
    for (; old != before.end() && old->first < key; ++old) delta.removals.push_back(old->first);
    if (old != before.end() && old->first == key) {
      if (old->second->json() != value->json()) delta.upserts.push_back(key);
      ++old;
    } else {
      delta.upserts.push_back(key);
    }
  }
  for (; old != before.end(); ++old) delta.removals.push_back(old->first);
  return delta;
}

}  // namespace aisix::admin
