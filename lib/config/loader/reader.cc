#include "lib/config/loader/reader.h"

#include <algorithm>
#include <cmath>

#include "lib/config/loader/json_text.h"
#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

// 2^64: the first double that no longer fits.
constexpr double kTwoTo64 = 18446744073709551616.0;
constexpr double kTwoTo63 = 9223372036854775808.0;

std::optional<bool> Word(std::string_view text) {
  for (std::string_view yes : {"1", "true", "on", "yes"}) {
    if (EqualsIgnoringCase(text, yes)) return true;
  }
  for (std::string_view no : {"0", "false", "off", "no"}) {
    if (EqualsIgnoringCase(text, no)) return false;
  }
  return std::nullopt;
}

std::optional<bool> ToBoolean(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kBoolean:
      return value.boolean;
    case Value::Kind::kInteger:
      return value.integer != 0;
    case Value::Kind::kFloat:
      return value.real != 0;
    case Value::Kind::kString:
      return Word(value.text);
    default:
      return std::nullopt;
  }
}

std::optional<uint64_t> ToUnsigned(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kBoolean:
      return value.boolean ? 1 : 0;
    case Value::Kind::kInteger:
      if (value.integer < 0) return std::nullopt;
      return static_cast<uint64_t>(value.integer);
    case Value::Kind::kFloat: {
      double rounded = std::round(value.real);
      if (!(rounded >= 0 && rounded < kTwoTo64)) return std::nullopt;
      return static_cast<uint64_t>(rounded);
    }
    case Value::Kind::kString:
      if (auto word = Word(value.text)) return *word ? 1 : 0;
      return ParseUnsigned(value.text);
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> ToSigned(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kBoolean:
      return value.boolean ? 1 : 0;
    case Value::Kind::kInteger:
      return value.integer;
    case Value::Kind::kFloat: {
      double rounded = std::round(value.real);
      if (!(rounded >= -kTwoTo63 && rounded < kTwoTo63)) return std::nullopt;
      return static_cast<int64_t>(rounded);
    }
    case Value::Kind::kString:
      if (auto word = Word(value.text)) return *word ? 1 : 0;
      return ParseSigned(value.text);
    default:
      return std::nullopt;
  }
}

std::optional<double> ToFloat(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kInteger:
      return static_cast<double>(value.integer);
    case Value::Kind::kFloat:
      return value.real;
    case Value::Kind::kString:
      return ParseFloat(value.text);
    default:
      return std::nullopt;
  }
}

std::optional<std::string> ToString(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kBoolean:
      return value.boolean ? "true" : "false";
    case Value::Kind::kInteger:
      return Concat(value.integer);
    case Value::Kind::kFloat:
      return FloatText(value.real);
    case Value::Kind::kString:
      return value.text;
    default:
      return std::nullopt;
  }
}

std::string Expected(std::initializer_list<std::string_view> keys) {
  if (keys.size() <= 2) return Join(keys, " or ", "`");
  return Concat("one of ", Join(keys, ", ", "`"));
}

// Keys whose value must not be shown, in whatever type it was given.
bool IsSecret(std::string_view path) {
  for (std::string_view part :
       {"admin_keys", "password", "redis", "cp_cert_pem", "cp_key_pem", "cp_ca_pem", "cp_base_url"}) {
    if (Contains(path, part)) return true;
  }
  return false;
}

std::string DescribeAt(const Value& value, std::string_view path) {
  bool scalar = !value.is_null() && !value.is_list() && !value.is_table();
  if (!scalar || !IsSecret(path)) return Describe(value);
  std::string text = Describe(value);
  return Concat(text.substr(0, text.find_first_of("`\"")), "`***`");
}

// A sequence is asked for with the type names of the reference's format library.
absl::Status NotASequence(const Value& value, std::string_view path) {
  std::string text = DescribeAt(value, path);
  if (value.kind == Value::Kind::kInteger) text = text.substr(text.find("integer"));
  return absl::InvalidArgumentError(
      Concat("invalid type: ", text, ", expected a sequence for key `", path, "` in ", value.origin));
}

}  // namespace

absl::Status InvalidType(const Value& value, std::string_view expected, std::string_view path) {
  std::string where = path.empty() ? "" : Concat(" for key `", path, "`");
  return absl::InvalidArgumentError(Concat("invalid type: ", DescribeAt(value, path), ", expected ", expected,
                                           where, " in ", value.origin));
}

BlockReader::BlockReader(const Value& value, std::string_view path, std::string_view name,
                         std::initializer_list<std::string_view> keys)
    : value_(value), path_(path) {
  if (!value.is_table()) {
    Fail(InvalidType(value, Concat("struct ", name), path));
    return;
  }
  for (const Member& member : value.members) {
    if (std::find(keys.begin(), keys.end(), member.key) == keys.end()) {
      Fail(absl::InvalidArgumentError(Concat("unknown field `", member.key, "`, expected ", Expected(keys))));
    }
  }
}

const Value* BlockReader::Find(std::string_view key) const {
  return value_.Find(key);
}

std::string BlockReader::Path(std::string_view key) const {
  return path_.empty() ? std::string(key) : Concat(path_, ".", key);
}

void BlockReader::Fail(absl::Status error) {
  if (error_.ok()) error_ = std::move(error);
}

void BlockReader::Miss(std::string_view key) {
  if (missing_.empty()) missing_ = std::string(key);
}

absl::Status BlockReader::status() const {
  if (!error_.ok() || missing_.empty()) return error_;
  return absl::InvalidArgumentError(Concat("missing field `", missing_, "`"));
}

void BlockReader::Read(std::string_view key, bool& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (auto read = ToBoolean(*value)) return void(target = *read);
  Fail(InvalidType(*value, "a boolean", Path(key)));
}

void BlockReader::Read(std::string_view key, uint64_t& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (auto read = ToUnsigned(*value)) return void(target = *read);
  Fail(InvalidType(*value, "an unsigned 64 bit or less integer", Path(key)));
}

void BlockReader::Read(std::string_view key, int64_t& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (auto read = ToSigned(*value)) return void(target = *read);
  Fail(InvalidType(*value, "a signed 64 bit or less integer", Path(key)));
}

void BlockReader::Read(std::string_view key, double& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (auto read = ToFloat(*value)) return void(target = *read);
  Fail(InvalidType(*value, "a floating point", Path(key)));
}

void BlockReader::Read(std::string_view key, std::string& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (auto read = ToString(*value)) return void(target = *std::move(read));
  Fail(InvalidType(*value, "a string", Path(key)));
}

void BlockReader::Read(std::string_view key, std::vector<std::string>& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (!value->is_list()) return Fail(NotASequence(*value, Path(key)));
  target.clear();
  for (const Value& element : value->elements) {
    auto read = ToString(element);
    if (!read) {
      return Fail(InvalidType(element, "a string", Concat(Path(key), "[", target.size(), "]")));
    }
    target.push_back(*std::move(read));
  }
}

void BlockReader::Read(std::string_view key, std::vector<double>& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (!value->is_list()) return Fail(NotASequence(*value, Path(key)));
  target.clear();
  for (const Value& element : value->elements) {
    auto read = ToFloat(element);
    if (!read) {
      return Fail(InvalidType(element, "a floating point", Concat(Path(key), "[", target.size(), "]")));
    }
    target.push_back(*read);
  }
}

void BlockReader::ReadEnum(std::string_view key, std::string_view enum_name,
                           std::initializer_list<std::string_view> variants, std::string& target) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  if (value->kind != Value::Kind::kString) {
    return Fail(InvalidType(*value, Concat("enum ", enum_name), Path(key)));
  }
  for (std::string_view variant : variants) {
    if (EqualsIgnoringCase(value->text, variant)) return void(target = std::string(variant));
  }
  Fail(absl::InvalidArgumentError(Concat("enum ", enum_name, " does not have variant constructor ",
                                         value->text, " for key `", Path(key), "` in ", value->origin)));
}

void BlockReader::ReadBlock(std::string_view key, ReadBlockFn read, bool nullable) {
  const Value* value = Find(key);
  if (value == nullptr || (nullable && value->is_null())) return;
  Fail(read(*value, Path(key)));
}

void BlockReader::ReadBlockList(std::string_view key, ReadBlockFn read) {
  const Value* value = Find(key);
  if (value == nullptr) return;
  absl::StatusOr<Value> parsed;
  if (value->kind == Value::Kind::kString) {
    if (Trim(value->text).empty()) return;
    parsed = ParseJsonValue(value->text, value->origin);
    if (!parsed.ok()) {
      return Fail(absl::InvalidArgumentError(Concat(key, " JSON string: ", parsed.status().message())));
    }
    value = &*parsed;
  }
  if (!value->is_list()) return Fail(NotASequence(*value, Path(key)));
  size_t index = 0;
  for (const Value& element : value->elements) {
    absl::Status status = read(element, Concat(Path(key), "[", index, "]"));
    if (!status.ok()) return Fail(status);
    ++index;
  }
}

}  // namespace aisix::config
