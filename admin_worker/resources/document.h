// One accepted resource.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "lib/model/kind.h"

namespace aisix::admin {

struct DocumentKey {
  model::Kind kind = model::Kind::kProviderKey;
  std::string id;

  friend bool operator==(const DocumentKey&, const DocumentKey&) = default;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

struct DocumentValue {
  int64_t revision = 0;
  std::string json;  // canonical (canonical_json.h); may hold credentials

  friend bool operator==(const DocumentValue&, const DocumentValue&) = default;
};

// A set of accepted resources, in the order of kind and id.
using DocumentSet = std::map<DocumentKey, DocumentValue>;

}  // namespace aisix::admin
