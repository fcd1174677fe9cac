#include "admin_worker/source/etcd/documents/acceptance.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/status/statusor.h"
#include "admin_worker/resources/canonical_json.h"
#include "lib/model/decode_any.h"
#include "lib/model/model.h"
#include "lib/model/rate_limit_policy.h"

namespace aisix::admin::etcd {
namespace {

using model::Kind;
using nlohmann::json;

// The writer of canonical JSON calls itself for each level.
constexpr int kMaxDepth = 128;

bool IsTooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// The parser's message without its own name and without what it read, which may be a credential.
std::string ParserMessage(std::string_view what) {
  if (const size_t end = what.find("; last read: '"); end != std::string_view::npos)
    what = what.substr(0, end);
  if (what.starts_with('[')) what.remove_prefix(std::min(what.size(), what.find("] ") + 2));
  return std::string(what);
}

absl::StatusOr<json> Parse(std::string_view text) {
  if (IsTooDeep(text))
    return absl::InvalidArgumentError(fmt::format("nested deeper than {} levels", kMaxDepth));
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return absl::InvalidArgumentError(ParserMessage(error.what()));
  } catch (const json::exception&) {
    return absl::InvalidArgumentError("a number is out of range");
  }
}

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

std::vector<std::string> Report(const std::vector<UnknownField>& unknown,
                                const std::vector<std::string_view>& inapplicable) {
  std::vector<std::string> names;
  for (const UnknownField& field : unknown) names.push_back(field.pattern);
  for (std::string_view field : inapplicable) names.push_back(fmt::format("inapplicable:{}", field));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.size() > kMaxIgnored) {
    names.resize(kMaxIgnored);
    names.emplace_back(kTruncated);
  }
  return names;
}

}  // namespace

std::variant<Accepted, Refused> Accept(const KeySpace& keys, const SchemaCatalog& schemas,
                                       std::string_view key, std::string_view value) {
  auto parsed = keys.Parse(key);
  if (auto* problem = std::get_if<std::string>(&parsed))
    return Refused{"", "", "bad_key", std::move(*problem)};
  auto& parts = std::get<KeySpace::Parts>(parsed);
  const auto refuse = [&parts](std::string error_kind, std::string error) {
    return Refused{parts.collection, parts.id, std::move(error_kind), std::move(error)};
  };
  absl::StatusOr<json> document = Parse(value);
  if (!document.ok()) return refuse("non_json", std::string(Text(document.status())));
  const std::optional<Kind> kind = model::KindFromCollection(parts.collection);
  if (!kind) return refuse("unknown_kind", fmt::format("unknown kind \"{}\"", parts.collection));
  std::vector<UnknownField> unknown;
  if (std::optional<std::string> text = schemas.CheckRead(*kind, *document, &unknown))
    return refuse("schema_failed", *std::move(text));
  if (const absl::Status status = model::CheckDecodes(*kind, *document); !status.ok())
    return refuse("parse_failed", std::string(Text(status)));
  if (*kind == Kind::kRateLimitPolicy) {
    const auto policy = model::DecodeRateLimitPolicy(*document);
    if (const absl::Status status = model::CheckRateLimitPolicy(*policy); !status.ok())
      return refuse("schema_failed", SchemaFailure("", Text(status)));
  }
  Accepted accepted;
  accepted.key = {*kind, std::move(parts.id)};
  accepted.canonical = CanonicalJson(*document);
  std::vector<std::string_view> inapplicable;
  if (*kind == Kind::kModel) inapplicable = model::InapplicableKnobs(*document);
  accepted.ignored = Report(unknown, inapplicable);
  if (inapplicable.empty() && !model::HasOtherNames(*kind, *document)) return accepted;
  for (std::string_view knob : inapplicable) document->erase(std::string(knob));
  model::UseCanonicalNames(*kind, *document);
  accepted.served = CanonicalJson(*document);
  return accepted;
}

std::optional<std::string> Canonicalize(std::string_view text) {
  const absl::StatusOr<json> document = Parse(text);
  if (!document.ok()) return std::nullopt;
  return CanonicalJson(*document);
}

}  // namespace aisix::admin::etcd
