// What was seen of one key of etcd.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "admin_worker/resources/document.h"
#include "admin_worker/source/etcd/documents/acceptance.h"
#include "lib/persistent/map.h"

namespace aisix::admin::etcd {

// Immutable, shared by the versions of a table. Texts may hold credentials and are wiped at the end.
class Observed {
 public:
  // An older value that keeps serving because the newest bytes were refused (spec 02 §5).
  struct Pin {
    std::shared_ptr<const Observed> good;  // was accepted; has no pin itself
    int64_t since = 0;                     // seconds since 1970
  };

  // Of `bytes`, as they came.
  static std::shared_ptr<const Observed> Make(int64_t revision, std::string bytes,
                                              std::variant<Accepted, Refused> outcome);
  // The same bytes with another pin (null: none).
  std::shared_ptr<const Observed> WithPin(std::shared_ptr<const Pin> pin) const;
  // The same bytes, written again.
  std::shared_ptr<const Observed> WithRevision(int64_t revision) const;
  ~Observed();

  int64_t revision() const { return revision_; }
  // The newest bytes.
  std::string_view bytes() const { return bytes_are_canonical_ ? canonical() : bytes_; }
  bool accepted() const { return document_ != nullptr; }
  // Accepted ones only.
  const DocumentKey& key() const { return key_; }
  const DocumentPtr& document() const { return document_; }
  // Canonical JSON of the bytes; accepted ones only.
  std::string_view canonical() const {
    return canonical_.empty() ? std::string_view(document_->json()) : canonical_;
  }
  const std::vector<std::string>& ignored() const;
  // Refused ones only.
  const Refused& refusal() const { return *refusal_; }
  const Pin* pin() const { return pin_.get(); }
  const std::shared_ptr<const Pin>& shared_pin() const { return pin_; }

  // What serves under this key: the accepted value, the pinned one, or null.
  const Observed* serving() const { return accepted() ? this : pin_ == nullptr ? nullptr : pin_->good.get(); }

 private:
  Observed() = default;
  Observed(const Observed&) = default;

  int64_t revision_ = 0;
  DocumentKey key_;
  DocumentPtr document_;
  std::string canonical_;  // empty: as the document
  std::string bytes_;
  bool bytes_are_canonical_ = false;
  std::shared_ptr<const std::vector<std::string>> ignored_;  // null: none
  std::shared_ptr<const Refused> refusal_;
  std::shared_ptr<const Pin> pin_;
};

using ObservedPtr = std::shared_ptr<const Observed>;
// By key, in the order of the keys' bytes.
using ObservedTable = persistent::Map<ObservedPtr>;

}  // namespace aisix::admin::etcd
