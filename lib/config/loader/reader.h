// Typed reading of a neutral tree: coercion, unknown keys, missing keys (spec 01 §4.3, §4.4).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "lib/config/loader/value.h"

namespace aisix::config {

// Reads one block. The first error wins and is kept: read every key, then ask `status()`. A key that is not
// there leaves its target as it was. Borrows the value; lives on the stack of one function.
class BlockReader {
 public:
  // `path` is the dotted path of the block, empty for the root; `name` the name of the block in messages;
  // `keys` all keys that it may have, in the order in which the message lists them.
  BlockReader(const Value& value, std::string_view path, std::string_view name,
              std::initializer_list<std::string_view> keys);
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  void Read(std::string_view key, bool& target);
  void Read(std::string_view key, uint64_t& target);
  void Read(std::string_view key, int64_t& target);
  void Read(std::string_view key, double& target);
  void Read(std::string_view key, std::string& target);
  void Read(std::string_view key, std::vector<std::string>& target);
  void Read(std::string_view key, std::vector<double>& target);
  // null is the same as absent.
  template <typename T>
  void Read(std::string_view key, std::optional<T>& target) {
    const Value* value = Find(key);
    if (value == nullptr || value->is_null()) return;
    T read{};
    Read(key, read);
    target = std::move(read);
  }

  // A key that must be there.
  template <typename T>
  void ReadRequired(std::string_view key, T& target) {
    if (Find(key) == nullptr) Miss(key);
    Read(key, target);
  }

  // One of `variants`, compared without case, stored as `variants` spells it.
  void ReadEnum(std::string_view key, std::string_view enum_name,
                std::initializer_list<std::string_view> variants, std::string& target);

  // `read` gets the block's value and its path. Null is passed on, and fails there, unless `nullable`.
  using ReadBlockFn = absl::FunctionRef<absl::Status(const Value&, std::string_view)>;
  void ReadBlock(std::string_view key, ReadBlockFn read, bool nullable = false);

  // A list of blocks, or a string with the JSON of one; a blank string is the empty list.
  void ReadBlockList(std::string_view key, ReadBlockFn read);

  // Reports a mandatory key as missing.
  void Miss(std::string_view key);

  // The first error. Call it last: missing keys are reported only when nothing else is wrong.
  absl::Status status() const;

 private:
  const Value* Find(std::string_view key) const;
  std::string Path(std::string_view key) const;
  void Fail(absl::Status error);

  const Value& value_;
  std::string path_;
  absl::Status error_;
  std::string missing_;
};

// "invalid type: …, expected … for key `…` in …"; the values of secret keys are not shown.
absl::Status InvalidType(const Value& value, std::string_view expected, std::string_view path);

}  // namespace aisix::config
