#include "lib/dns/cache.h"

#include <algorithm>
#include <utility>

namespace aisix::dns {

Cache::Found Cache::Find(const std::string& name, uint64_t now_ms) const {
  auto found = entries_.find(name);
  if (found == entries_.end() || found->second.fresh_until_ms <= now_ms) return {};
  const Slot& slot = found->second;
  return {&slot.entry, slot.stale, now_ms - slot.put_ms};
}

Cache::Found Cache::Revive(const std::string& name, uint64_t now_ms) {
  auto found = entries_.find(name);
  if (found == entries_.end()) return {};
  Slot& slot = found->second;
  if (slot.entry.addresses.empty() || slot.stale_until_ms <= now_ms) return {};
  if (slot.fresh_until_ms <= now_ms) {
    slot.stale = true;
    slot.fresh_until_ms = now_ms + options_.stale_ttl_ms;
  }
  return {&slot.entry, slot.stale, now_ms - slot.put_ms};
}

void Cache::Put(const std::string& name, Entry entry, uint64_t now_ms) {
  if (!entries_.contains(name)) MakeRoom(now_ms);
  Slot slot;
  const bool missing = entry.addresses.empty();
  const uint64_t ttl =
      missing ? options_.missing_ttl_ms : std::clamp(entry.ttl_ms, options_.min_ttl_ms, options_.max_ttl_ms);
  slot.put_ms = now_ms;
  slot.fresh_until_ms = now_ms + ttl;
  slot.stale_until_ms = slot.fresh_until_ms + options_.max_stale_ms;
  slot.entry = std::move(entry);
  entries_.insert_or_assign(name, std::move(slot));
}

// Names are few, so room is rarely made: looking at all of them then is cheap enough.
void Cache::MakeRoom(uint64_t now_ms) {
  if (entries_.size() < options_.max_names) return;
  absl::erase_if(entries_, [&](const auto& entry) {
    const Slot& slot = entry.second;
    return (slot.entry.addresses.empty() ? slot.fresh_until_ms : slot.stale_until_ms) <= now_ms;
  });
  while (!entries_.empty() && entries_.size() >= options_.max_names) {
    auto oldest = std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.fresh_until_ms < b.second.fresh_until_ms;
    });
    entries_.erase(oldest);
  }
}

}  // namespace aisix::dns
