// An index by a key that several documents may share: the one with the highest id serves (spec 02 §1.2).
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/persistent/index.h"

namespace aisix::proxy {

// Policy: as of persistent::Index, and  static std::string_view IdOf(const T&);  OwnedKey, a key that lasts
// (hashable by absl, made from a Key). One thread.
template <typename T, typename Policy>
class NamedIndexEditor {
 public:
  using Index = persistent::Index<T, Policy>;
  using Pointer = std::shared_ptr<const T>;

  // Adds a document, or puts it in the place of the one with the same id and key.
  void Put(Pointer object) {
    const auto key = Policy::KeyOf(*object);
    Pointer present = editor_.Share(key);
    if (present != nullptr && Policy::IdOf(*present) != Policy::IdOf(*object)) {
      std::vector<Pointer>& others = others_[typename Policy::OwnedKey(key)];
      Forget(others, Policy::IdOf(*object));
      const bool higher = Policy::IdOf(*present) < Policy::IdOf(*object);
      others.push_back(higher ? std::move(present) : object);
      if (!higher) return;
    }
    editor_.Put(std::move(object));
  }

  // Removes the document that was put as `object`.
  void Remove(const T& object) {
    const auto key = Policy::KeyOf(object);
    const auto others = others_.find(typename Policy::OwnedKey(key));
    const T* present = editor_.Find(key);
    if (present == nullptr) return;
    if (Policy::IdOf(*present) != Policy::IdOf(object)) {
      if (others != others_.end()) Forget(others->second, Policy::IdOf(object));
    } else if (others == others_.end()) {
      editor_.Erase(key);
    } else {
      const auto next = std::max_element(
          others->second.begin(), others->second.end(),
          [](const Pointer& a, const Pointer& b) { return Policy::IdOf(*a) < Policy::IdOf(*b); });
      Pointer promoted = std::move(*next);
      others->second.erase(next);
      editor_.Put(std::move(promoted));
    }
    if (others != others_.end() && others->second.empty()) others_.erase(others);
  }

  Index Finish() { return editor_.Finish(); }

 private:
  static void Forget(std::vector<Pointer>& others, std::string_view id) {
    std::erase_if(others, [id](const Pointer& other) { return Policy::IdOf(*other) == id; });
  }

  typename Index::Editor editor_;
  absl::flat_hash_map<typename Policy::OwnedKey, std::vector<Pointer>> others_;  // none is empty
};

}  // namespace aisix::proxy
