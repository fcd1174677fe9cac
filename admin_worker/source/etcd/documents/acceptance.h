// Whether one document of etcd is accepted, and as what (spec 02 §4).
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "admin_worker/resources/document.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/etcd/documents/key_space.h"

namespace aisix::admin::etcd {

struct Accepted {
  DocumentKey key;
  std::string canonical;  // canonical JSON of the bytes: what hashes are computed over
  std::string served;     // what the zones get; empty: the same
  // Members that have no effect, as reports name them: sorted, at most kMaxIgnored and a sentinel.
  std::vector<std::string> ignored;
};

struct Refused {
  std::string collection, id;  // empty when the key tells none
  std::string error_kind;      // "bad_key", "unknown_kind", "non_json", "schema_failed", "parse_failed"
  std::string error;           // never holds a value of the document
};

inline constexpr size_t kMaxIgnored = 64;
inline constexpr std::string_view kTruncated = "...truncated";

// Any thread.
std::variant<Accepted, Refused> Accept(const KeySpace& keys, const SchemaCatalog& schemas,
                                       std::string_view key, std::string_view value);

// Canonical JSON of a text; nullopt when it is none.
std::optional<std::string> Canonicalize(std::string_view text);

}  // namespace aisix::admin::etcd
