// A set of accepted resources that is cheap to change: versions of it share everything that did not change.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "admin_worker/resources/document.h"

namespace aisix::admin {

// A value: copying one copies a few pointers. Immutable, so that any thread may read it; changes are made by
// an Editor, which copies the leaf (at most kLeafSize entries) that a change falls into.
class DocumentSet {
 public:
  struct Entry {
    std::string id;
    DocumentPtr value;
  };
  static constexpr size_t kLeafSize = 256;

  class Editor;

  DocumentSet() = default;
  // For tests and other small sets.
  DocumentSet(std::initializer_list<std::pair<DocumentKey, DocumentPtr>> documents);

  size_t size() const;
  bool empty() const { return size() == 0; }
  size_t Count(model::Kind kind) const;

  // Null: there is none. Lives as long as this set, or another that shares it.
  const DocumentValue* Find(model::Kind kind, std::string_view id) const;
  const DocumentValue* Find(const DocumentKey& key) const { return Find(key.kind, key.id); }
  // The same, to keep or to put into another set.
  DocumentPtr Share(model::Kind kind, std::string_view id) const;

  // function(const std::string& id, const DocumentPtr& value), in the order of the ids' bytes.
  template <typename Function>
  void ForEach(model::Kind kind, Function&& function) const {
    const Table* table = TableOf(kind);
    if (table == nullptr) return;
    for (const std::shared_ptr<Leaf>& leaf : table->leaves) {
      for (const Entry& entry : *leaf) function(entry.id, entry.value);
    }
  }
  // function(model::Kind kind, const std::string& id, const DocumentPtr& value), by kind, then id.
  template <typename Function>
  void ForEach(Function&& function) const {
    for (model::Kind kind : model::kKinds) {
      ForEach(kind, [&](const std::string& id, const DocumentPtr& value) { function(kind, id, value); });
    }
  }

  // function(model::Kind kind, const std::string& id, const DocumentPtr& before, const DocumentPtr& after)
  // for every id whose value is not the same object in both, by kind, then id; a side that lacks it is null.
  // Costs what differs: leaves that both share are skipped. Two values may differ in nothing but their
  // identity or revision: compare json() where that matters.
  template <typename Function>
  static void ForEachDifference(const DocumentSet& before, const DocumentSet& after, Function&& function);

 private:
  using Leaf = std::vector<Entry>;  // sorted by id, never empty
  struct Table {
    std::vector<std::shared_ptr<Leaf>> leaves;  // in order; never changed once they are in a set
    size_t size = 0;
  };
  class Cursor;

  const Table* TableOf(model::Kind kind) const { return tables_[static_cast<size_t>(kind)].get(); }
  const Entry* FindEntry(model::Kind kind, std::string_view id) const;

  std::array<std::shared_ptr<const Table>, model::kKinds.size()> tables_;  // null: no document of the kind
};

// Makes the next version of a set. One thread.
class DocumentSet::Editor {
 public:
  explicit Editor(DocumentSet base = {}) : base_(std::move(base)) {}
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  // Adds or replaces. Filling in the order of the ids is the cheapest and the most compact.
  void Put(model::Kind kind, std::string_view id, DocumentPtr value);
  void Put(const DocumentKey& key, DocumentPtr value) { Put(key.kind, key.id, std::move(value)); }
  // False: there was none.
  bool Erase(model::Kind kind, std::string_view id);
  bool Erase(const DocumentKey& key) { return Erase(key.kind, key.id); }
  // As of now.
  const DocumentValue* Find(model::Kind kind, std::string_view id) const;
  DocumentPtr Share(model::Kind kind, std::string_view id) const;

  // The result. The editor goes on from it.
  DocumentSet Finish();

 private:
  Table& Edit(model::Kind kind);
  Leaf& Own(std::shared_ptr<Leaf>& leaf);

  DocumentSet base_;  // tables that are in `edited_` are null here
  std::array<std::shared_ptr<Table>, model::kKinds.size()> edited_;
  absl::flat_hash_set<const Leaf*> owned_;  // in no finished set yet
};

// Walks one table; skips whole leaves.
class DocumentSet::Cursor {
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

template <typename Function>
void DocumentSet::ForEachDifference(const DocumentSet& before, const DocumentSet& after,
                                    Function&& function) {
  static const DocumentPtr kNone;
  for (model::Kind kind : model::kKinds) {
    const Table* old_table = before.TableOf(kind);
    const Table* new_table = after.TableOf(kind);
    if (old_table == new_table) continue;
    Cursor a(old_table);
    Cursor b(new_table);
    while (!a.done() || !b.done()) {
      if (a.at_leaf() != nullptr && a.at_leaf() == b.at_leaf()) {
        a.SkipLeaf();
        b.SkipLeaf();
        continue;
      }
      const int order = a.done() ? 1 : b.done() ? -1 : (*a).id.compare((*b).id);
      if (order < 0) {
        function(kind, (*a).id, (*a).value, kNone);
      } else if (order > 0) {
        function(kind, (*b).id, kNone, (*b).value);
      } else if ((*a).value != (*b).value) {
        function(kind, (*a).id, (*a).value, (*b).value);
      }
      if (order <= 0) a.Next();
      if (order >= 0) b.Next();
    }
  }
}

}  // namespace aisix::admin
