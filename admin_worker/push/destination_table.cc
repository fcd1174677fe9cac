#include "admin_worker/push/destination_table.h"

#include "lib/crypto/secret.h"
#include "lib/destinations/provider_key.h"
#include "lib/model/provider_key.h"

namespace aisix::admin {
namespace {

std::vector<std::string> DestinationsOf(model::Kind kind, const DocumentPtr& document) {
  if (document == nullptr || kind != model::Kind::kProviderKey) return {};
  absl::StatusOr<model::ProviderKey> decoded = model::ParseProviderKey(document->json());
  if (!decoded.ok()) return {};  // it was accepted, so it decodes
  std::vector<std::string> destinations = destinations::DestinationsOf(*decoded);
  crypto::Wipe(decoded->api_key);
  return destinations;
}

}  // namespace

DestinationTable::DestinationTable(const std::vector<std::string>& fixed) {
  DestinationSet::Editor editor;
  for (const std::string& destination : fixed) editor.Put(destination, 1);
  destinations_ = editor.Finish();
}

bool DestinationTable::Update(const DocumentSet& documents) {
  DestinationSet::Editor editor(destinations_);
  bool changed = false;
  const auto add = [&](const std::string& destination) {
    const uint32_t* users = editor.Find(destination);
    changed |= users == nullptr;
    editor.Put(destination, users == nullptr ? 1 : *users + 1);
  };
  const auto remove = [&](const std::string& destination) {
    const uint32_t* users = editor.Find(destination);
    if (users == nullptr) return;
    if (*users > 1) {
      editor.Put(destination, *users - 1);
    } else {
      changed = true;
      editor.Erase(destination);
    }
  };
  DocumentSet::ForEachDifference(
      documents_, documents,
      [&](model::Kind kind, const std::string&, const DocumentPtr& old, const DocumentPtr& now) {
        for (const std::string& destination : DestinationsOf(kind, now)) add(destination);
        for (const std::string& destination : DestinationsOf(kind, old)) remove(destination);
      });
  documents_ = documents;
  destinations_ = editor.Finish();
  return changed;
}

}  // namespace aisix::admin
