// A set of accepted resources that is cheap to change: versions of it share everything that did not change.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "admin_worker/resources/document.h"
#include "lib/persistent/map.h"

namespace aisix::admin {

// A value: copying one copies a few pointers. Immutable, so that any thread may read it; changes are made by
// an Editor, which copies the leaf (at most 256 entries) that a change falls into.
class DocumentSet {
 public:
  class Editor;

  DocumentSet() = default;
  // For tests and other small sets.
  DocumentSet(std::initializer_list<std::pair<DocumentKey, DocumentPtr>> documents);

  size_t size() const;
  bool empty() const { return size() == 0; }
  size_t Count(model::Kind kind) const { return Of(kind).size(); }

  // Null: there is none. Lives as long as this set, or another that shares it.
  const DocumentValue* Find(model::Kind kind, std::string_view id) const {
    const DocumentPtr* value = Of(kind).Find(id);
    return value == nullptr ? nullptr : value->get();
  }
  const DocumentValue* Find(const DocumentKey& key) const { return Find(key.kind, key.id); }
  // The same, to keep or to put into another set.
  DocumentPtr Share(model::Kind kind, std::string_view id) const {
    const DocumentPtr* value = Of(kind).Find(id);
    return value == nullptr ? nullptr : *value;
  }

  // function(const std::string& id, const DocumentPtr& value), in the order of the ids' bytes.
  template <typename Function>
  void ForEach(model::Kind kind, Function&& function) const {
    Of(kind).ForEach(function);
  }
  // function(model::Kind kind, const std::string& id, const DocumentPtr& value), by kind, then id.
  template <typename Function>
  void ForEach(Function&& function) const {
    for (model::Kind kind : model::kKinds)
      Of(kind).ForEach([&](const std::string& id, const DocumentPtr& value) { function(kind, id, value); });
  }

  // function(model::Kind kind, const std::string& id, const DocumentPtr& before, const DocumentPtr& after)
  // for every id whose value is not the same object in both, by kind, then id; a side that lacks it is null.
  // Costs what differs: what both share is skipped. Two values may differ in nothing but their identity or
  // revision: compare json() where that matters.
  template <typename Function>
  static void ForEachDifference(const DocumentSet& before, const DocumentSet& after, Function&& function) {
    static const DocumentPtr kNone;
    for (model::Kind kind : model::kKinds) {
      const auto report = [&](const std::string& id, const DocumentPtr* old, const DocumentPtr* now) {
        function(kind, id, old == nullptr ? kNone : *old, now == nullptr ? kNone : *now);
      };
      Documents::ForEachDifference(before.Of(kind), after.Of(kind), report);
    }
  }

 private:
  using Documents = persistent::Map<DocumentPtr>;
  const Documents& Of(model::Kind kind) const { return documents_[static_cast<size_t>(kind)]; }

  std::array<Documents, model::kKinds.size()> documents_;
};

// Makes the next version of a set. One thread.
class DocumentSet::Editor {
 public:
  explicit Editor(DocumentSet base = {});
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  // Adds or replaces. Filling in the order of the ids is the cheapest and the most compact.
  void Put(model::Kind kind, std::string_view id, DocumentPtr value) { Of(kind).Put(id, std::move(value)); }
  void Put(const DocumentKey& key, DocumentPtr value) { Put(key.kind, key.id, std::move(value)); }
  // False: there was none.
  bool Erase(model::Kind kind, std::string_view id) { return Of(kind).Erase(id); }
  bool Erase(const DocumentKey& key) { return Erase(key.kind, key.id); }
  // As of now.
  const DocumentValue* Find(model::Kind kind, std::string_view id) const {
    const DocumentPtr* value = editors_[static_cast<size_t>(kind)].Find(id);
    return value == nullptr ? nullptr : value->get();
  }
  DocumentPtr Share(model::Kind kind, std::string_view id) const {
    const DocumentPtr* value = editors_[static_cast<size_t>(kind)].Find(id);
    return value == nullptr ? nullptr : *value;
  }

  // The result. The editor goes on from it.
  DocumentSet Finish();

 private:
  Documents::Editor& Of(model::Kind kind) { return editors_[static_cast<size_t>(kind)]; }

  std::array<Documents::Editor, model::kKinds.size()> editors_;
};

}  // namespace aisix::admin
