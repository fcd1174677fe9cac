#include "admin_worker/resources/document_set.h"

#include <algorithm>

namespace aisix::admin {
namespace {

template <typename Entries>
auto LowerBound(Entries& entries, std::string_view id) {
  return std::lower_bound(entries.begin(), entries.end(), id,
                          [](const auto& entry, std::string_view wanted) { return entry.id < wanted; });
}

// The index of the leaf that `id` belongs into: the last one that does not begin behind it, else the first.
template <typename Leaves>
size_t LeafIndex(const Leaves& leaves, std::string_view id) {
  const auto after = std::upper_bound(
      leaves.begin(), leaves.end(), id,
      [](std::string_view wanted, const auto& leaf) { return wanted < std::string_view(leaf->front().id); });
  return after == leaves.begin() ? 0 : static_cast<size_t>(after - leaves.begin()) - 1;
}

template <typename Table>
auto FindIn(const Table* table, std::string_view id) -> const DocumentSet::Entry* {
  if (table == nullptr || table->leaves.empty()) return nullptr;
  const auto& leaf = *table->leaves[LeafIndex(table->leaves, id)];
  const auto entry = LowerBound(leaf, id);
  return entry != leaf.end() && entry->id == id ? &*entry : nullptr;
}

}  // namespace

DocumentSet::DocumentSet(std::initializer_list<std::pair<DocumentKey, DocumentPtr>> documents) {
  Editor editor;
  for (const auto& [key, value] : documents) editor.Put(key, value);
  *this = editor.Finish();
}

size_t DocumentSet::size() const {
  size_t total = 0;
  for (model::Kind kind : model::kKinds) total += Count(kind);
  return total;
}

size_t DocumentSet::Count(model::Kind kind) const {
  const Table* table = TableOf(kind);
  return table == nullptr ? 0 : table->size;
}

const DocumentSet::Entry* DocumentSet::FindEntry(model::Kind kind, std::string_view id) const {
  return FindIn(TableOf(kind), id);
}

const DocumentValue* DocumentSet::Find(model::Kind kind, std::string_view id) const {
  const Entry* entry = FindEntry(kind, id);
  return entry == nullptr ? nullptr : entry->value.get();
}

DocumentPtr DocumentSet::Share(model::Kind kind, std::string_view id) const {
  const Entry* entry = FindEntry(kind, id);
  return entry == nullptr ? nullptr : entry->value;
}

DocumentSet::Table& DocumentSet::Editor::Edit(model::Kind kind) {
  std::shared_ptr<Table>& edited = edited_[static_cast<size_t>(kind)];
  std::shared_ptr<const Table>& base = base_.tables_[static_cast<size_t>(kind)];
  if (edited == nullptr) {
    edited = base == nullptr ? std::make_shared<Table>() : std::make_shared<Table>(*base);
    base = nullptr;
  }
  return *edited;
}

DocumentSet::Leaf& DocumentSet::Editor::Own(std::shared_ptr<Leaf>& leaf) {
  if (!owned_.contains(leaf.get())) {
    leaf = std::make_shared<Leaf>(*leaf);
    owned_.insert(leaf.get());
  }
  return *leaf;
}

void DocumentSet::Editor::Put(model::Kind kind, std::string_view id, DocumentPtr value) {
  Table& table = Edit(kind);
  const auto add_leaf = [&](size_t index, Leaf entries) {
    auto leaf = std::make_shared<Leaf>(std::move(entries));
    owned_.insert(leaf.get());
    table.leaves.insert(table.leaves.begin() + static_cast<std::ptrdiff_t>(index), std::move(leaf));
  };
  if (table.leaves.empty()) {
    add_leaf(0, {});
    table.leaves[0]->push_back({std::string(id), std::move(value)});
    ++table.size;
    return;
  }
  const size_t index = LeafIndex(table.leaves, id);
  Leaf& leaf = Own(table.leaves[index]);
  const auto place = LowerBound(leaf, id);
  if (place != leaf.end() && place->id == id) {
    place->value = std::move(value);
    return;
  }
  ++table.size;
  const bool at_end = place == leaf.end();
  if (leaf.size() < kLeafSize) {
    leaf.insert(place, {std::string(id), std::move(value)});
    return;
  }
  // Full. A set that is filled in order gets full leaves, else both halves have room again.
  if (at_end && index + 1 == table.leaves.size()) {
    add_leaf(index + 1, {});
    table.leaves[index + 1]->push_back({std::string(id), std::move(value)});
    return;
  }
  const auto middle = leaf.begin() + kLeafSize / 2;
  Leaf upper(std::make_move_iterator(middle), std::make_move_iterator(leaf.end()));
  leaf.erase(middle, leaf.end());
  Leaf& half = id < std::string_view(upper.front().id) ? leaf : upper;
  half.insert(LowerBound(half, id), {std::string(id), std::move(value)});
  add_leaf(index + 1, std::move(upper));
}

bool DocumentSet::Editor::Erase(model::Kind kind, std::string_view id) {
  if (Find(kind, id) == nullptr) return false;
  Table& table = Edit(kind);
  const size_t index = LeafIndex(table.leaves, id);
  Leaf& leaf = Own(table.leaves[index]);
  leaf.erase(LowerBound(leaf, id));
  --table.size;
  if (leaf.empty()) {
    owned_.erase(&leaf);
    table.leaves.erase(table.leaves.begin() + static_cast<std::ptrdiff_t>(index));
  }
  return true;
}

const DocumentValue* DocumentSet::Editor::Find(model::Kind kind, std::string_view id) const {
  if (const Table* edited = edited_[static_cast<size_t>(kind)].get()) {
    const Entry* entry = FindIn(edited, id);
    return entry == nullptr ? nullptr : entry->value.get();
  }
  return base_.Find(kind, id);
}

DocumentPtr DocumentSet::Editor::Share(model::Kind kind, std::string_view id) const {
  if (const Table* edited = edited_[static_cast<size_t>(kind)].get()) {
    const Entry* entry = FindIn(edited, id);
    return entry == nullptr ? nullptr : entry->value;
  }
  return base_.Share(kind, id);
}

DocumentSet DocumentSet::Editor::Finish() {
  for (size_t i = 0; i < edited_.size(); ++i) {
    if (edited_[i] == nullptr) continue;
    std::shared_ptr<Table> table = std::exchange(edited_[i], nullptr);
    if (table->size > 0) base_.tables_[i] = std::move(table);
  }
  owned_.clear();
  return base_;
}

}  // namespace aisix::admin
