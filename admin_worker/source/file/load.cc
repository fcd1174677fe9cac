#include "admin_worker/source/file/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "admin_worker/resources/canonical_json.h"
#include "admin_worker/source/file/convert.h"
#include "admin_worker/source/file/entry.h"
#include "admin_worker/source/file/references.h"
#include "admin_worker/source/file/scalar.h"
#include "admin_worker/source/file/sugar.h"
#include "admin_worker/source/file/yaml_tree.h"
#include "lib/crypto/sha256.h"
#include "lib/json/text.h"
#include "lib/model/decode_any.h"
#include "lib/model/rate_limit_policy.h"

namespace aisix::admin::file {
namespace {

using model::Kind;

constexpr std::string_view kVersionKey = "_format_version";

std::string Text(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

// One loading of one file.
class Loading {
 public:
  Loading(const Variables& variables, const SchemaCatalog& schemas)
      : variables_(variables), schemas_(schemas), converter_(variables) {}

  EntryTable& table() { return table_; }

  void Run(std::string_view text) {
    const std::optional<YamlNodePtr> root = ParseRoot(text);
    if (!root) return;
    ReadTopLevel(**root);
    for (size_t i = 0; i < model::kFileKinds; ++i) ReadCollection(**root, model::kKinds[i]);
    CheckDuplicates();
    for (Entry& entry : table_.entries) {
      if (entry.usable) Accept(entry);
    }
    CheckReferences(table_);
  }

 private:
  std::optional<YamlNodePtr> ParseRoot(std::string_view text) {
    absl::StatusOr<std::vector<YamlNodePtr>> documents = ParseYaml(text);
    LoadReport& report = table_.report;
    if (!documents.ok()) {
      report.AddFileError("YAML parse error: " + Text(documents.status()), ErrorKind::kNonJson);
    } else if (documents->empty()) {
      report.AddFileError("file is empty");
    } else if (documents->size() > 1) {
      report.AddFileError(fmt::format("expected a single YAML document, found {}", documents->size()));
    } else if (documents->front() == nullptr || documents->front()->type != YamlNode::Type::kMapping) {
      report.AddFileError("top level must be a mapping with `_format_version` and resource collections");
    } else {
      return documents->front();
    }
    return std::nullopt;
  }

  void ReadTopLevel(const YamlNode& root) {
    bool has_version = false;
    for (const auto& [key, value] : root.members) {
      if (!IsStringKey(*key)) {
        table_.report.AddFileError("top-level keys must be plain strings, found " + DescribeKey(*key));
      } else if (key->scalar == kVersionKey) {
        has_version = true;
        CheckVersion(*value);
      } else if (!IsFileCollection(key->scalar)) {
        table_.report.AddFileError(
            fmt::format("unknown top-level key `{}` (expected {} and resource collections: {})", key->scalar,
                        kVersionKey, CollectionNames()));
      }
    }
    if (!has_version) table_.report.AddFileError("missing mandatory _format_version (expected \"1\")");
  }

  void CheckVersion(const YamlNode& value) {
    const bool scalar = value.type == YamlNode::Type::kScalar;
    const bool is_string = scalar && IsStringKey(value);
    if (!is_string) {
      table_.report.AddFileError("_format_version must be the string \"1\" (quote it)");
    } else if (value.scalar != "1") {
      table_.report.AddFileError(
          fmt::format("unrecognized _format_version \"{}\" (supported: \"1\")", value.scalar));
    }
  }

  static bool IsFileCollection(std::string_view name) {
    const auto end = model::kKinds.begin() + model::kFileKinds;
    return std::any_of(model::kKinds.begin(), end,
                       [name](Kind kind) { return model::CollectionName(kind) == name; });
  }

  static std::string CollectionNames() {
    std::string names;
    for (size_t i = 0; i < model::kFileKinds; ++i) {
      if (i > 0) names += ", ";
      names += model::CollectionName(model::kKinds[i]);
    }
    return names;
  }

  void ReadCollection(YamlNode& root, Kind kind) {
    const auto member = std::find_if(root.members.begin(), root.members.end(), [kind](const auto& pair) {
      return pair.first->type == YamlNode::Type::kScalar && pair.first->scalar == model::CollectionName(kind);
    });
    if (member == root.members.end()) return;
    YamlNode& list = *member->second;
    const bool null = list.type == YamlNode::Type::kNull ||
                      (list.type == YamlNode::Type::kScalar && !list.quoted && IsNullText(list.scalar));
    if (null) return;
    if (list.type != YamlNode::Type::kSequence) {
      table_.report.AddFileError(fmt::format("`{}` must be a sequence of maps", model::CollectionName(kind)));
      return;
    }
    // The tree of a large file is many times its documents: what was read goes, unless an alias mentions the
    // list again.
    const bool last_mention = member->second.use_count() == 1;
    for (size_t i = 0; i < list.items.size(); ++i) {
      ReadEntry(kind, i, *list.items[i]);
      if (last_mention) list.items[i].reset();
    }
  }

  static bool IsNullText(std::string_view text) {
    const absl::StatusOr<nlohmann::json> value = ReadPlainScalar(text);
    return value.ok() && value->is_null();
  }

  void ReadEntry(Kind kind, size_t index, const YamlNode& node) {
    Entry entry;
    entry.kind = kind;
    entry.index = index;
    if (node.type != YamlNode::Type::kMapping) {
      table_.Reject(entry, "entry must be a mapping");
    } else if (absl::StatusOr<nlohmann::json> document = converter_.Convert(node); !document.ok()) {
      table_.Reject(entry, Text(document.status()));
      // It is known all the same, so that references to it are not reported as well.
      RememberIdentity(kind, node);
    } else {
      entry.document = *std::move(document);
      entry.identity = ReadIdentity(kind, entry.document);
      if (entry.identity.empty())
        table_.Reject(
            entry, fmt::format("{} is required and must be a non-empty string (it is the entry's identity)",
                               IdentityDescription(kind)));
    }
    if (!entry.identity.empty()) {
      entry.id = DeriveId(kind, entry.identity);
      table_.Define(kind, entry.identity);
    }
    table_.entries.push_back(std::move(entry));
  }

  void RememberIdentity(Kind kind, const YamlNode& node) {
    nlohmann::json names = nlohmann::json::object();
    for (const auto& [key, value] : node.members) {
      if (key->scalar != "name" && key->scalar != "display_name") continue;
      if (absl::StatusOr<nlohmann::json> text = converter_.Convert(*value); text.ok())
        names[key->scalar] = *text;
    }
    const std::string identity = ReadIdentity(kind, names);
    if (!identity.empty()) table_.Define(kind, identity);
  }

  void CheckDuplicates() {
    std::map<std::pair<Kind, std::string>, size_t> first;
    for (Entry& entry : table_.entries) {
      if (!entry.usable) continue;
      const auto [earlier, added] = first.emplace(std::pair(entry.kind, entry.identity), entry.index);
      if (added) continue;
      const std::string_view collection = model::CollectionName(entry.kind);
      const std::string_view field =
          entry.kind == Kind::kMcpAuthSettings ? "the singleton identity" : model::IdentityField(entry.kind);
      table_.Reject(
          entry, fmt::format("duplicate {0} entry: {1} \"{2}\" is already defined at {0}[{3}] — identities "
                             "must be unique within a kind",
                             collection, field, entry.identity, earlier->second));
    }
  }

  void Accept(Entry& entry) {
    if (entry.document.contains("id"))
      return table_.Reject(entry,
                           "the resources file does not accept `id` — ids are derived deterministically from "
                           "the entry's name");
    if (const absl::Status status = Desugar(table_, variables_, entry); !status.ok())
      return table_.Reject(entry, Text(status));
    if (std::optional<std::string> failure = schemas_.CheckWrite(entry.kind, entry.document))
      return table_.Reject(entry, *std::move(failure));
    if (const absl::Status status = model::CheckDecodes(entry.kind, entry.document); !status.ok())
      return table_.Reject(entry, "cannot decode canonical document: " + Text(status),
                           ErrorKind::kParseFailed);
    if (entry.kind != Kind::kRateLimitPolicy) return;
    const absl::StatusOr<model::RateLimitPolicy> policy = model::DecodeRateLimitPolicy(entry.document);
    if (const absl::Status status = model::CheckRateLimitPolicy(*policy); !status.ok())
      table_.Reject(entry, SchemaFailure("", Text(status)));
  }

  const Variables& variables_;
  const SchemaCatalog& schemas_;
  Converter converter_;
  EntryTable table_;
};

// Errors in the order of the file: the file's own, then by collection and position.
void SortErrors(LoadReport& report) {
  const auto rank = [](const LoadError& error) {
    const std::optional<Kind> kind = model::KindFromCollection(error.collection);
    const size_t open = error.scope.find('[');
    const size_t index =
        open == std::string::npos ? 0 : std::strtoul(error.scope.c_str() + open + 1, nullptr, 10);
    return std::pair(kind ? static_cast<int>(*kind) : -1, index);
  };
  std::stable_sort(report.errors.begin(), report.errors.end(),
                   [&rank](const LoadError& a, const LoadError& b) { return rank(a) < rank(b); });
}

}  // namespace

std::variant<LoadedFile, LoadReport> LoadFile(std::string_view path,
                                              const absl::StatusOr<std::string>& content,
                                              const Variables& variables, const SchemaCatalog& schemas,
                                              int64_t generation) {
  LoadReport unreadable;
  unreadable.path = std::string(path);
  if (!content.ok()) {
    unreadable.AddFileError("cannot read file: " + Text(content.status()), ErrorKind::kFetch);
    return unreadable;
  }
  if (json::ReplaceInvalidUtf8(*content) != *content) {
    unreadable.AddFileError("cannot read file: stream did not contain valid UTF-8", ErrorKind::kFetch);
    return unreadable;
  }
  Loading loading(variables, schemas);
  // A thread of its own has a heap of its own: what the trees took can be given back as a whole, because no
  // document that stays lies among them.
  std::thread([&] { loading.Run(*content); }).join();
  EntryTable& table = loading.table();
  if (!table.report.errors.empty()) {
    table.report.path = std::string(path);
    SortErrors(table.report);
    return std::move(table.report);
  }
  LoadedFile file;
  file.source_hash = crypto::Sha256::Of(*content).ToHex();
  DocumentSet::Editor documents;
  for (Entry& entry : table.entries) {
    model::UseCanonicalNames(entry.kind, entry.document);
    documents.Put(entry.kind, entry.id, MakeDocument(generation, CanonicalJson(entry.document)));
  }
  file.documents = documents.Finish();
  return file;
}

}  // namespace aisix::admin::file
