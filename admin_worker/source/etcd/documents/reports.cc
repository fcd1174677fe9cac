#include "admin_worker/source/etcd/documents/reports.h"

#include <utility>

namespace aisix::admin::etcd {

bool Reports::Set(std::string_view key, const ObservedPtr& accepted) {
  Remove(key);
  if (accepted->ignored().empty()) return true;
  if (rows_.size() >= kMaxRows) return false;
  rows_.emplace(key, accepted);
  ++version_;
  return true;
}

void Reports::Remove(std::string_view key) {
  const auto found = rows_.find(key);
  if (found == rows_.end()) return;
  rows_.erase(found);
  ++version_;
}

std::vector<IgnoredField> Reports::Fields() const {
  std::map<std::pair<std::string, std::string>, uint64_t> counts;
  for (const auto& [key, observed] : rows_) {
    const std::string collection(model::CollectionName(observed->key().kind));
    for (const std::string& field : observed->ignored()) ++counts[{collection, field}];
  }
  std::vector<IgnoredField> fields;
  for (const auto& [name, rows] : counts) fields.push_back({name.first, name.second, rows});
  return fields;
}

std::map<std::string, uint64_t> Reports::RowsByCollection() const {
  std::map<std::string, uint64_t> rows;
  for (const auto& [key, observed] : rows_) ++rows[std::string(model::CollectionName(observed->key().kind))];
  return rows;
}

}  // namespace aisix::admin::etcd
