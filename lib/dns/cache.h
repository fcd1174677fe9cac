// Answers of name servers, for as long as they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/net/address.h"

namespace aisix::dns {

struct CacheOptions {
  size_t max_names = 2048;
  // The time to live of an answer is kept within these bounds: a burst of dials shares one answer whatever it
  // says, and no change of addresses waits longer than the upper one.
  uint64_t min_ttl_ms = 1'000;
  uint64_t max_ttl_ms = 60'000;
  uint64_t missing_ttl_ms = 5'000;  // of "the name has no address"
  // How long an expired answer may be used when no name server answers, and for how long at a time.
  uint64_t max_stale_ms = 3'600'000;
  uint64_t stale_ttl_ms = 5'000;
};

// Not thread-safe. Times are monotonic milliseconds.
class Cache {
 public:
  struct Entry {
    std::vector<net::Address> addresses;  // empty: the name has none
    uint64_t ttl_ms = 0;                  // as the servers said
  };

  explicit Cache(CacheOptions options) : options_(options) {}

  struct Found {
    const Entry* entry = nullptr;  // null: not known, or expired; valid until the next call
    bool stale = false;            // revived
    uint64_t age_ms = 0;           // since a server said so
  };
  Found Find(const std::string& name, uint64_t now_ms) const;
  // An answer with addresses that expired not too long ago; it counts as fresh again for a short while.
  Found Revive(const std::string& name, uint64_t now_ms);
  void Put(const std::string& name, Entry entry, uint64_t now_ms);
  void Clear() { entries_.clear(); }
  size_t size() const { return entries_.size(); }

 private:
  struct Slot {
    Entry entry;
    uint64_t put_ms = 0;
    uint64_t fresh_until_ms = 0;
    uint64_t stale_until_ms = 0;
    bool stale = false;
  };
  void MakeRoom(uint64_t now_ms);

  const CacheOptions options_;
  absl::flat_hash_map<std::string, Slot> entries_;
};

}  // namespace aisix::dns
