// A hash index over shared objects, of which old versions stay as they were: a change copies one of 1024
// shards.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace aisix::persistent {

// Policy:  using Key = …;  static Key KeyOf(const T&);  static size_t Hash(const Key&) with 64 good bits.
// A value: copying an index copies sixteen pointers. Immutable, so that any number of threads may read one.
template <typename T, typename Policy>
class Index {
 public:
  using Key = typename Policy::Key;
  using Pointer = std::shared_ptr<const T>;

  class Editor;

  // Null: there is none. Allocates nothing.
  const T* Find(const Key& key) const {
    const Pointer* found = FindPointer(key);
    return found == nullptr ? nullptr : found->get();
  }
  // The same, to keep.
  Pointer Share(const Key& key) const {
    const Pointer* found = FindPointer(key);
    return found == nullptr ? nullptr : *found;
  }

  // In no order.
  template <typename Function>
  void ForEach(Function&& function) const {
    for (const std::shared_ptr<Group>& group : groups_) {
      if (group == nullptr) continue;
      for (const std::shared_ptr<Shard>& shard : *group) {
        if (shard == nullptr) continue;
        for (const Pointer& object : *shard) function(object);
      }
    }
  }

 private:
  struct HashOf {
    using is_transparent = void;
    size_t operator()(const Key& key) const { return Policy::Hash(key); }
    size_t operator()(const Pointer& object) const { return Policy::Hash(Policy::KeyOf(*object)); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Pointer& a, const Pointer& b) const {
      return a == b || Policy::KeyOf(*a) == Policy::KeyOf(*b);
    }
    bool operator()(const Pointer& a, const Key& b) const { return Policy::KeyOf(*a) == b; }
    bool operator()(const Key& a, const Pointer& b) const { return a == Policy::KeyOf(*b); }
  };
  using Shard = absl::flat_hash_set<Pointer, HashOf, Equal>;
  static constexpr size_t kGroups = 16;
  static constexpr size_t kShardsOfGroup = 64;
  using Group = std::array<std::shared_ptr<Shard>, kShardsOfGroup>;  // null: empty

  // The highest bits; the hash set goes by the lower ones.
  static size_t GroupOf(size_t hash) { return hash >> 60; }
  static size_t ShardOf(size_t hash) { return (hash >> 54) % kShardsOfGroup; }

  const Pointer* FindPointer(const Key& key) const {
    const size_t hash = Policy::Hash(key);
    const Group* group = groups_[GroupOf(hash)].get();
    if (group == nullptr) return nullptr;
    const Shard* shard = (*group)[ShardOf(hash)].get();
    if (shard == nullptr) return nullptr;
    const auto found = shard->find(key);
    return found == shard->end() ? nullptr : &*found;
  }

  std::array<std::shared_ptr<Group>, kGroups> groups_;  // null: empty; nothing changes once it is in an index
};

// Makes the next version. One thread.
template <typename T, typename Policy>
class Index<T, Policy>::Editor {
 public:
  Editor() = default;
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  const T* Find(const Key& key) const { return index_.Find(key); }
  Pointer Share(const Key& key) const { return index_.Share(key); }

  // Adds, or replaces what has the same key.
  void Put(Pointer object) {
    const size_t hash = Policy::Hash(Policy::KeyOf(*object));
    Shard& shard = Own(hash);
    const auto [place, added] = shard.insert(object);
    // The keys are equal, so the set does not notice; but the old key may live in the old object.
    if (!added) const_cast<Pointer&>(*place) = std::move(object);
  }
  // False: there was none.
  bool Erase(const Key& key) {
    if (index_.Find(key) == nullptr) return false;
    const size_t hash = Policy::Hash(key);
    Shard& shard = Own(hash);
    shard.erase(shard.find(key));
    if (shard.empty()) {
      std::shared_ptr<Shard>& place = (*index_.groups_[GroupOf(hash)])[ShardOf(hash)];
      owned_.erase(place.get());
      place = nullptr;
    }
    return true;
  }
  // The result; the editor goes on from it.
  Index Finish() {
    owned_.clear();
    return index_;
  }

 private:
  template <typename Part>
  Part& OwnPart(std::shared_ptr<Part>& part) {
    if (part == nullptr) {
      part = std::make_shared<Part>();
    } else if (!owned_.contains(part.get())) {
      part = std::make_shared<Part>(*part);
    } else {
      return *part;
    }
    owned_.insert(part.get());
    return *part;
  }
  Shard& Own(size_t hash) { return OwnPart(OwnPart(index_.groups_[GroupOf(hash)])[ShardOf(hash)]); }

  Index index_;
  absl::flat_hash_set<const void*> owned_;  // groups and shards that are in no finished index
};

}  // namespace aisix::persistent
