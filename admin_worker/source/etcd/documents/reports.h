// The members that accepted documents hold without effect, for the status (spec 02 §4.1).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admin_worker/source/etcd/documents/observed.h"

namespace aisix::admin::etcd {

struct IgnoredField {
  std::string collection, field;
  uint64_t rows = 0;

  friend bool operator==(const IgnoredField&, const IgnoredField&) = default;
};

// Not thread-safe.
class Reports {
 public:
  static constexpr size_t kMaxRows = 1024;

  // What was accepted under `key`. False: it holds such members, but there is no room to report them.
  bool Set(std::string_view key, const ObservedPtr& accepted);
  void Remove(std::string_view key);

  // By collection, then field.
  std::vector<IgnoredField> Fields() const;
  std::map<std::string, uint64_t> RowsByCollection() const;
  // Grows with every change.
  uint64_t version() const { return version_; }

 private:
  std::map<std::string, ObservedPtr, std::less<>> rows_;
  uint64_t version_ = 0;
};

}  // namespace aisix::admin::etcd
