// The entries of a resources file on their way to documents (spec 02 §7.1).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admin_worker/source/file/report.h"
#include "lib/model/kind.h"

namespace aisix::admin::file {

struct Entry {
  model::Kind kind = model::Kind::kProviderKey;
  size_t index = 0;      // within its collection
  std::string identity;  // empty: none could be read
  std::string id;        // derived from the identity
  nlohmann::json document;
  bool usable = true;  // no problem was found so far

  // "models[0] (\"gpt-4o\")", without the identity when there is none.
  std::string Scope() const;
};

// All entries, in the order of processing, and what is wrong with them.
struct EntryTable {
  std::vector<Entry> entries;
  LoadReport report;

  // Makes a name known to references, also when its entry turns out to be unusable.
  void Define(model::Kind kind, const std::string& identity);

  // Reports the first problem of an entry and takes it out of the further steps.
  void Reject(Entry& entry, std::string message, ErrorKind kind = ErrorKind::kSchemaFailed);
  // Reports a further problem between entries.
  void AddProblem(const Entry& entry, std::string message);

  bool Defines(model::Kind kind, const std::string& identity) const;
  bool DefinesId(model::Kind kind, const std::string& id) const;
  // "a, b", sorted; `none` when nothing is defined.
  std::string Defined(model::Kind kind, std::string_view none) const;

 private:
  std::map<model::Kind, std::set<std::string>> identities_;
  std::map<model::Kind, std::set<std::string>> ids_;
};

// The id of an entry (spec 02 §7.3): stable over reloads, processes and replicas.
std::string DeriveId(model::Kind kind, std::string_view identity);

// The identity of a document: the value of its identity field. Empty when it has none.
std::string ReadIdentity(model::Kind kind, const nlohmann::json& document);
// "display_name", "name" or "name (or display_name)".
std::string_view IdentityDescription(model::Kind kind);

}  // namespace aisix::admin::file
