// What a start-up file or the environment said, before anybody asks for types: a tree without a format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aisix::config {

struct Member;

// A value (plain data). Which of the fields counts is said by `kind`.
struct Value {
  enum class Kind : uint8_t { kNull, kBoolean, kInteger, kFloat, kString, kList, kTable };

  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<Value> elements;  // kList
  std::vector<Member> members;  // kTable, in the order in which they were written
  std::string origin;           // "config.yaml" or "the environment": where an operator has to look

  bool is_null() const { return kind == Kind::kNull; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_table() const { return kind == Kind::kTable; }

  // The member of a table with this key, else nullptr.
  const Value* Find(std::string_view key) const;
  Value* Find(std::string_view key);
  // The member with this key, added (as null) when it is not there. A value that is no table becomes an
  // empty one first.
  Value& At(std::string_view key);

  static Value Boolean(bool value, std::string_view origin);
  static Value Integer(int64_t value, std::string_view origin);
  static Value Float(double value, std::string_view origin);
  static Value String(std::string_view value, std::string_view origin);
  static Value List(std::string_view origin);
  static Value Table(std::string_view origin);
};

struct Member {
  std::string key;
  Value value;
};

// Lower-cases the keys of all tables that are not inside a list (spec 01 §4.3). The key that then appears
// twice in one table is returned; empty: there is none.
std::string LowerKeys(Value& value);

}  // namespace aisix::config
