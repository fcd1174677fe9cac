// One accepted resource.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lib/crypto/secret.h"
#include "lib/model/kind.h"

namespace aisix::admin {

struct DocumentKey {
  model::Kind kind = model::Kind::kProviderKey;
  std::string id;

  friend bool operator==(const DocumentKey&, const DocumentKey&) = default;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

// Immutable, and shared by every configuration in which it stands. The text may hold credentials: it is wiped
// when the last of them goes.
class DocumentValue {
 public:
  // `revision`: the generation of the file, or the mod_revision of etcd. `json`: what is pushed to the zones.
  DocumentValue(int64_t revision, std::string json) : revision_(revision), json_(std::move(json)) {
    json_.shrink_to_fit();  // there may be 100,000 of them
  }
  ~DocumentValue() { crypto::Wipe(json_); }
  DocumentValue(const DocumentValue&) = delete;
  DocumentValue& operator=(const DocumentValue&) = delete;

  int64_t revision() const { return revision_; }
  const std::string& json() const { return json_; }

 private:
  const int64_t revision_;
  std::string json_;
};

using DocumentPtr = std::shared_ptr<const DocumentValue>;

inline DocumentPtr MakeDocument(int64_t revision, std::string json) {
  return std::make_shared<const DocumentValue>(revision, std::move(json));
}

}  // namespace aisix::admin
