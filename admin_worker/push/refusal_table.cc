#include "admin_worker/push/refusal_table.h"

namespace aisix::admin {

void RefusalTable::Add(const std::string& zone, const DocumentKey& key, std::string reason,
                       const DocumentSet& pushed, const DocumentSet& before) {
  const DocumentPtr refused = pushed.Share(key.kind, key.id);
  if (refused == nullptr) return;
  const auto [entry, added] = entries_.try_emplace(key);
  if (!added) {
    entry->second.substitute = nullptr;
    return;
  }
  DocumentPtr previous = before.Share(key.kind, key.id);
  if (previous != nullptr && previous->json() == refused->json()) previous = nullptr;
  entry->second = {zone, std::move(reason), refused, std::move(previous)};
}

DocumentSet RefusalTable::Substitute(const DocumentSet& wanted) {
  if (entries_.empty()) return wanted;
  std::erase_if(entries_, [&](const auto& item) {
    const DocumentValue* value = wanted.Find(item.first);
    return value == nullptr || value->json() != item.second.refused->json();
  });
  DocumentSet::Editor editor(wanted);
  for (const auto& [key, entry] : entries_) {
    if (entry.substitute != nullptr) {
      editor.Put(key, entry.substitute);
    } else {
      editor.Erase(key);
    }
  }
  return editor.Finish();
}

std::vector<PushRefusal> RefusalTable::List() const {
  std::vector<PushRefusal> list;
  for (const auto& [key, entry] : entries_) {
    list.push_back(
        {entry.zone, key.kind, key.id, entry.refused->revision(), entry.reason, entry.substitute != nullptr});
  }
  return list;
}

}  // namespace aisix::admin
