// An ordered map from text to values, of which old versions stay as they were: a change copies one leaf and
// the list of leaves, everything else is shared between the versions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace aisix::persistent {

// A value: copying a map copies one pointer. Immutable, so that any number of threads may read one; an Editor
// makes the next version. `Value` is copied with its leaf: something small, like a shared_ptr.
template <typename Value>
class Map {
 public:
  struct Entry {
    std::string key;
    Value value;
  };
  static constexpr size_t kLeafSize = 256;

  class Editor;

  size_t size() const { return table_ == nullptr ? 0 : table_->size; }
  bool empty() const { return size() == 0; }

  // Null: there is none. Lives as long as a version that shares the leaf.
  const Value* Find(std::string_view key) const { return FindIn(table_.get(), key); }

  // function(const std::string& key, const Value& value), in the order of the keys' bytes.
  template <typename Function>
  void ForEach(Function&& function) const {
    if (table_ == nullptr) return;
    for (const std::shared_ptr<Leaf>& leaf : table_->leaves) {
      for (const Entry& entry : *leaf) function(entry.key, entry.value);
    }
  }

  // function(const std::string& key, const Value* before, const Value* after) for every key whose values are
  // not equal (operator==), in order; a side that lacks it is null. Leaves that both maps share are skipped.
  template <typename Function>
  static void ForEachDifference(const Map& before, const Map& after, Function&& function);

 private:
  using Leaf = std::vector<Entry>;  // sorted, never empty
  struct Table {
    std::vector<std::shared_ptr<Leaf>> leaves;  // in order; nothing in it changes once it is in a map
    size_t size = 0;
  };
  class Cursor;

  static auto Place(Leaf& leaf, std::string_view key) {
    return std::lower_bound(leaf.begin(), leaf.end(), key,
                            [](const Entry& entry, std::string_view wanted) { return entry.key < wanted; });
  }
  // The leaf that `key` belongs into: the last one that does not begin behind it, else the first.
  static size_t LeafIndex(const Table& table, std::string_view key) {
    const auto after = std::upper_bound(table.leaves.begin(), table.leaves.end(), key,
                                        [](std::string_view wanted, const std::shared_ptr<Leaf>& leaf) {
                                          return wanted < std::string_view(leaf->front().key);
                                        });
    return after == table.leaves.begin() ? 0 : static_cast<size_t>(after - table.leaves.begin()) - 1;
  }
  static const Value* FindIn(const Table* table, std::string_view key) {
    if (table == nullptr || table->leaves.empty()) return nullptr;
    Leaf& leaf = *table->leaves[LeafIndex(*table, key)];
    const auto entry = Place(leaf, key);
    return entry != leaf.end() && entry->key == key ? &entry->value : nullptr;
  }

  std::shared_ptr<const Table> table_;  // null: empty
};

// One thread.
template <typename Value>
class Map<Value>::Editor {
 public:
  explicit Editor(Map base = {}) : base_(std::move(base)) {}
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  // Adds or replaces. Filling in the order of the keys is the cheapest and the most compact.
  void Put(std::string_view key, Value value);
  // False: there was none.
  bool Erase(std::string_view key);
  // As of now.
  const Value* Find(std::string_view key) const {
    return FindIn(edited_ != nullptr ? edited_.get() : base_.table_.get(), key);
  }
  // The result. The editor goes on from it.
  Map Finish() {
    if (edited_ != nullptr) base_.table_ = edited_->size > 0 ? std::move(edited_) : nullptr;
    edited_ = nullptr;
    owned_.clear();
    return base_;
  }

 private:
  Table& Edit() {
    if (edited_ == nullptr)
      edited_ = base_.table_ == nullptr ? std::make_shared<Table>() : std::make_shared<Table>(*base_.table_);
    return *edited_;
  }
  // The leaf, no longer shared with a finished map.
  Leaf& Own(std::shared_ptr<Leaf>& leaf) {
    if (!owned_.contains(leaf.get())) {
      leaf = std::make_shared<Leaf>(*leaf);
      owned_.insert(leaf.get());
    }
    return *leaf;
  }
  void InsertLeaf(size_t index, Leaf entries) {
    auto leaf = std::make_shared<Leaf>(std::move(entries));
    owned_.insert(leaf.get());
    edited_->leaves.insert(edited_->leaves.begin() + static_cast<std::ptrdiff_t>(index), std::move(leaf));
  }

  Map base_;
  std::shared_ptr<Table> edited_;  // null: nothing was changed yet
  absl::flat_hash_set<const Leaf*> owned_;
};

template <typename Value>
void Map<Value>::Editor::Put(std::string_view key, Value value) {
  Table& table = Edit();
  const auto single = [&] {
    Leaf leaf;
    leaf.push_back({std::string(key), std::move(value)});
    return leaf;
  };
  if (table.leaves.empty()) {
    InsertLeaf(0, single());
    ++table.size;
    return;
  }
  const size_t index = LeafIndex(table, key);
  Leaf& leaf = Own(table.leaves[index]);
  const auto place = Place(leaf, key);
  if (place != leaf.end() && place->key == key) {
    place->value = std::move(value);
    return;
  }
  ++table.size;
  if (leaf.size() < kLeafSize) {
    leaf.insert(place, {std::string(key), std::move(value)});
    return;
  }
  // Full. A map that is filled in order gets full leaves; elsewhere both halves have room again.
  if (place == leaf.end() && index + 1 == table.leaves.size()) return InsertLeaf(index + 1, single());
  const auto middle = leaf.begin() + kLeafSize / 2;
  Leaf upper(std::make_move_iterator(middle), std::make_move_iterator(leaf.end()));
  leaf.erase(middle, leaf.end());
  Leaf& half = key < std::string_view(upper.front().key) ? leaf : upper;
  half.insert(Place(half, key), {std::string(key), std::move(value)});
  InsertLeaf(index + 1, std::move(upper));
}

template <typename Value>
bool Map<Value>::Editor::Erase(std::string_view key) {
  if (Find(key) == nullptr) return false;
  Table& table = Edit();
  const size_t index = LeafIndex(table, key);
  Leaf& leaf = Own(table.leaves[index]);
  leaf.erase(Place(leaf, key));
  --table.size;
  if (leaf.empty()) {
    owned_.erase(&leaf);
    table.leaves.erase(table.leaves.begin() + static_cast<std::ptrdiff_t>(index));
  }
  return true;
}

// Walks one table; can skip whole leaves.
template <typename Value>
class Map<Value>::Cursor {
 public:
  explicit Cursor(const Table* table) : table_(table) {}
  bool done() const { return table_ == nullptr || leaf_ == table_->leaves.size(); }
  const Entry& operator*() const { return (*table_->leaves[leaf_])[position_]; }
  // The leaf that is about to begin, else null.
  const Leaf* at_leaf() const { return !done() && position_ == 0 ? table_->leaves[leaf_].get() : nullptr; }
  void SkipLeaf() {
    ++leaf_;
    position_ = 0;
  }
  void Next() {
    if (++position_ == table_->leaves[leaf_]->size()) SkipLeaf();
  }

 private:
  const Table* table_;
  size_t leaf_ = 0;
  size_t position_ = 0;
};

template <typename Value>
template <typename Function>
void Map<Value>::ForEachDifference(const Map& before, const Map& after, Function&& function) {
  if (before.table_ == after.table_) return;
  Cursor old(before.table_.get());
  Cursor now(after.table_.get());
  while (!old.done() || !now.done()) {
    if (old.at_leaf() != nullptr && old.at_leaf() == now.at_leaf()) {
      old.SkipLeaf();
      now.SkipLeaf();
      continue;
    }
    const int order = old.done() ? 1 : now.done() ? -1 : (*old).key.compare((*now).key);
    if (order < 0) {
      function((*old).key, &(*old).value, static_cast<const Value*>(nullptr));
    } else if (order > 0) {
      function((*now).key, static_cast<const Value*>(nullptr), &(*now).value);
    } else if (!((*old).value == (*now).value)) {
      function((*old).key, &(*old).value, &(*now).value);
    }
    if (order <= 0) old.Next();
    if (order >= 0) now.Next();
  }
}

}  // namespace aisix::persistent
