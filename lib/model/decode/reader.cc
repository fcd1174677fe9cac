#include "lib/model/decode/reader.h"

#include <fmt/format.h>

namespace aisix::model::decode {

void Failure::Set(std::string_view path, std::string_view message) {
  if (failed_) return;
  failed_ = true;
  message_ = path.empty() ? std::string(message) : fmt::format("`{}`: {}", path, message);
}

absl::Status Failure::ToStatus() const {
  return failed_ ? absl::InvalidArgumentError(message_) : absl::OkStatus();
}

std::string JoinPath(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

ObjectReader::ObjectReader(const nlohmann::json& value, std::string path, Failure& failure)
    : value_(value), path_(std::move(path)), failure_(failure) {
  if (!value.is_object()) failure_.Set(path_, "invalid type: expected an object");
}

const nlohmann::json* ObjectReader::Find(std::string_view name) const {
  if (!value_.is_object()) return nullptr;
  const auto member = value_.find(name);
  return member == value_.end() || member->is_null() ? nullptr : &*member;
}

void ObjectReader::Missing(std::string_view name) {
  failure_.Set(path_, fmt::format("missing field `{}`", name));
}

void ObjectReader::NeedAliased(std::string_view name, std::string_view alias, std::string& out) {
  const bool has_alias = value_.is_object() && value_.contains(alias);
  if (has_alias && value_.contains(name)) {
    failure_.Set(path_, fmt::format("duplicate field `{}`", name));
    return;
  }
  if (!has_alias) return Need(name, out);
  Need(alias, out);
}

absl::StatusOr<nlohmann::json> ParseText(std::string_view text) {
  nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return absl::InvalidArgumentError("not a JSON document");
  return document;
}

}  // namespace aisix::model::decode
