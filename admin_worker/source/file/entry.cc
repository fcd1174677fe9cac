#include "admin_worker/source/file/entry.h"

#include <fmt/format.h>

#include "lib/crypto/uuid.h"

namespace aisix::admin::file {

using model::Kind;

std::string Entry::Scope() const {
  const std::string position = fmt::format("{}[{}]", model::CollectionName(kind), index);
  return identity.empty() ? position : fmt::format("{} (\"{}\")", position, identity);
}

void EntryTable::Reject(Entry& entry, std::string message, ErrorKind kind) {
  entry.usable = false;
  report.errors.push_back({entry.Scope(), std::move(message), kind,
                           std::string(model::CollectionName(entry.kind)),
                           entry.identity.empty() ? std::to_string(entry.index) : entry.identity});
}

void EntryTable::AddProblem(const Entry& entry, std::string message) {
  Entry copy;
  copy.kind = entry.kind;
  copy.index = entry.index;
  copy.identity = entry.identity;
  Reject(copy, std::move(message));
}

void EntryTable::Define(Kind kind, const std::string& identity) {
  identities_[kind].insert(identity);
  ids_[kind].insert(DeriveId(kind, identity));
}

bool EntryTable::DefinesId(Kind kind, const std::string& id) const {
  const auto ids = ids_.find(kind);
  return ids != ids_.end() && ids->second.count(id) > 0;
}

bool EntryTable::Defines(Kind kind, const std::string& identity) const {
  const auto names = identities_.find(kind);
  return names != identities_.end() && names->second.count(identity) > 0;
}

std::string EntryTable::Defined(Kind kind, std::string_view none) const {
  const auto names = identities_.find(kind);
  if (names == identities_.end() || names->second.empty()) return std::string(none);
  return fmt::format("{}", fmt::join(names->second, ", "));
}

std::string DeriveId(Kind kind, std::string_view identity) {
  // UUIDv5 of the URL name space and https://github.com/api7/aisix#resources-file.
  static constexpr crypto::UuidBytes kNamespace{0x63, 0xe5, 0x0a, 0xb2, 0x67, 0x7a, 0x54, 0xd3,
                                                0x8d, 0x1e, 0xc0, 0xcb, 0x29, 0xce, 0xae, 0x94};
  return crypto::UuidV5(kNamespace, fmt::format("{}/{}", model::CollectionName(kind), identity));
}

std::string ReadIdentity(Kind kind, const nlohmann::json& document) {
  if (kind == Kind::kMcpAuthSettings) return "mcp_auth_settings";
  const auto text = [&document](std::string_view field) {
    const auto member = document.find(field);
    return member != document.end() && member->is_string() ? member->get<std::string>() : std::string();
  };
  std::string identity = text(model::IdentityField(kind));
  if (identity.empty() && model::IdentityHasAlias(kind)) identity = text("display_name");
  return identity;
}

std::string_view IdentityDescription(Kind kind) {
  return model::IdentityHasAlias(kind) ? "name (or display_name)" : model::IdentityField(kind);
}

}  // namespace aisix::admin::file
