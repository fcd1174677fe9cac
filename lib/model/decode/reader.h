// Reads the members of a JSON document into structs. The first error wins; its message names the path and the
// expected type, never the value, because documents hold credentials. For the .cc files of lib/model only.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace aisix::model::decode {

// The first error of one decoding.
class Failure {
 public:
  void Set(std::string_view path, std::string_view message);
  bool failed() const { return failed_; }
  absl::Status ToStatus() const;

 private:
  bool failed_ = false;
  std::string message_;
};

template <typename Enum>
struct EnumName {
  std::string_view name;
  Enum value;
};

class ObjectReader;

// What follows is found by argument-dependent look-up for each type of the model:
//   void ReadMembers(ObjectReader&, T&)                     for a struct
//   std::span<const EnumName<E>> EnumNames(const E*)        for an enumeration

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
// An object with free member names, in the order of the names.
template <typename T>
struct IsMap : std::false_type {};
template <typename T>
struct IsMap<std::vector<std::pair<std::string, T>>> : std::true_type {};

std::string JoinPath(std::string_view path, std::string_view name);

template <typename T>
void ReadValue(const nlohmann::json& value, const std::string& path, Failure& failure, T& out);

// One object. A member that is absent or null leaves its target as it was.
class ObjectReader {
 public:
  // `value` and `failure` are borrowed. Anything but an object is a failure.
  ObjectReader(const nlohmann::json& value, std::string path, Failure& failure);

  // The member, or null when it is absent or null.
  const nlohmann::json* Find(std::string_view name) const;

  template <typename T>
  void Get(std::string_view name, T& out) {
    if (const nlohmann::json* value = Find(name)) ReadValue(*value, JoinPath(path_, name), failure_, out);
  }
  template <typename T>
  void Need(std::string_view name, T& out) {
    if (Find(name) == nullptr) return Missing(name);
    Get(name, out);
  }
  // A required member with two spellings; both at once is a failure (spec 03 §1.5).
  void NeedAliased(std::string_view name, std::string_view alias, std::string& out);

  void Fail(std::string_view name, std::string_view message) { failure_.Set(JoinPath(path_, name), message); }
  Failure& failure() { return failure_; }
  const std::string& path() const { return path_; }

 private:
  void Missing(std::string_view name);

  const nlohmann::json& value_;
  std::string path_;
  Failure& failure_;
};

template <typename Integer>
void ReadInteger(const nlohmann::json& value, const std::string& path, Failure& failure, Integer& out) {
  // A number with a fraction or an exponent is not an integer here, whatever its value (as in the
  // reference's decoder).
  if (!value.is_number_integer()) return failure.Set(path, "invalid type: expected an integer");
  const bool negative = !value.is_number_unsigned() && value.get<int64_t>() < 0;
  if (!negative && value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<Integer>::max())) {
    out = static_cast<Integer>(value.get<uint64_t>());
    return;
  }
  if constexpr (std::is_signed_v<Integer>) {
    if (negative && value.get<int64_t>() >= static_cast<int64_t>(std::numeric_limits<Integer>::min())) {
      out = static_cast<Integer>(value.get<int64_t>());
      return;
    }
  }
  failure.Set(path, "integer out of range");
}

template <typename T>
void ReadValue(const nlohmann::json& value, const std::string& path, Failure& failure, T& out) {
  if (failure.failed()) return;
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) return failure.Set(path, "invalid type: expected a boolean");
    out = value.get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) return failure.Set(path, "invalid type: expected a string");
    out = value.get_ref<const std::string&>();
  } else if constexpr (std::is_same_v<T, nlohmann::json>) {
    out = value;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) return failure.Set(path, "invalid type: expected a number");
    out = value.get<T>();
  } else if constexpr (std::is_enum_v<T>) {
    if (!value.is_string()) return failure.Set(path, "invalid type: expected a string");
    for (const EnumName<T>& name : EnumNames(static_cast<const T*>(nullptr))) {
      if (name.name == value.get_ref<const std::string&>()) {
        out = name.value;
        return;
      }
    }
    failure.Set(path, "unknown variant");
  } else if constexpr (std::is_integral_v<T>) {
    ReadInteger(value, path, failure, out);
  } else if constexpr (IsOptional<T>::value) {
    typename T::value_type inner{};
    ReadValue(value, path, failure, inner);
    out = std::move(inner);
  } else if constexpr (IsMap<T>::value) {
    if (!value.is_object()) return failure.Set(path, "invalid type: expected an object");
    out.clear();
    for (const auto& [name, member] : value.items()) {
      typename T::value_type pair;
      pair.first = name;
      ReadValue(member, JoinPath(path, name), failure, pair.second);
      out.push_back(std::move(pair));
    }
  } else if constexpr (IsVector<T>::value) {
    if (!value.is_array()) return failure.Set(path, "invalid type: expected a list");
    out.clear();
    for (size_t i = 0; i < value.size(); ++i) {
      typename T::value_type element{};
      ReadValue(value[i], JoinPath(path, std::to_string(i)), failure, element);
      out.push_back(std::move(element));
    }
  } else {
    ObjectReader reader(value, path, failure);
    if (!failure.failed()) ReadMembers(reader, out);
  }
}

// The whole of a document.
template <typename T>
absl::StatusOr<T> Decode(const nlohmann::json& document) {
  Failure failure;
  T out{};
  ReadValue(document, std::string(), failure, out);
  if (failure.failed()) return failure.ToStatus();
  return out;
}

// Text to JSON without exceptions: INVALID_ARGUMENT when it is not a JSON document.
absl::StatusOr<nlohmann::json> ParseText(std::string_view text);

template <typename T>
absl::StatusOr<T> DecodeText(std::string_view text) {
  absl::StatusOr<nlohmann::json> document = ParseText(text);
  if (!document.ok()) return document.status();
  return Decode<T>(*document);
}

}  // namespace aisix::model::decode
