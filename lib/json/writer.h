// Writes JSON text at the end of a string, without whitespace and without a tree in between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aisix::json {

// Commas and colons are the writer's, the nesting is the caller's: members and values must be written in an
// order that makes a document. The string is borrowed and must outlive the writer. At most 63 levels deep.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& BeginObject();
  Writer& EndObject();
  Writer& BeginArray();
  Writer& EndArray();
  Writer& Key(std::string_view name);
  Writer& String(std::string_view text);  // escaped as AppendString
  Writer& Int(int64_t value);
  Writer& Uint(uint64_t value);
  Writer& Double(double value);  // shortest form that reads back the same; not finite: null
  Writer& Bool(bool value);
  Writer& Null();
  Writer& Raw(std::string_view json);  // a complete value, written as it is

  // A member: Key followed by the value.
  Writer& Member(std::string_view name, std::string_view text) { return Key(name).String(text); }
  Writer& Member(std::string_view name, const char* text) { return Key(name).String(text); }
  Writer& Member(std::string_view name, uint64_t value) { return Key(name).Uint(value); }
  Writer& Member(std::string_view name, bool value) { return Key(name).Bool(value); }

 private:
  void BeforeValue();
  Writer& Close(char bracket);

  std::string& out_;
  uint64_t has_values_ = 0;  // one bit per open level: something was written there
  bool after_key_ = false;
};

}  // namespace aisix::json
