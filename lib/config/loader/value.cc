#include "lib/config/loader/value.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

Value Make(Value::Kind kind, std::string_view origin) {
  Value value;
  value.kind = kind;
  value.origin = std::string(origin);
  return value;
}

}  // namespace

const Value* Value::Find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Value* Value::Find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).Find(key));
}

Value& Value::At(std::string_view key) {
  if (!is_table()) *this = Table(origin);
  if (Value* found = Find(key)) return *found;
  return members.emplace_back(Member{std::string(key), Make(Kind::kNull, origin)}).value;
}

Value Value::Boolean(bool value, std::string_view origin) {
  Value made = Make(Kind::kBoolean, origin);
  made.boolean = value;
  return made;
}

Value Value::Integer(int64_t value, std::string_view origin) {
  Value made = Make(Kind::kInteger, origin);
  made.integer = value;
  return made;
}

Value Value::Float(double value, std::string_view origin) {
  Value made = Make(Kind::kFloat, origin);
  made.real = value;
  return made;
}

Value Value::String(std::string_view value, std::string_view origin) {
  Value made = Make(Kind::kString, origin);
  made.text = std::string(value);
  return made;
}

Value Value::List(std::string_view origin) {
  return Make(Kind::kList, origin);
}
Value Value::Table(std::string_view origin) {
  return Make(Kind::kTable, origin);
}

std::string LowerKeys(Value& value) {
  absl::flat_hash_set<std::string> seen;
  for (Member& member : value.members) {
    member.key = Lower(member.key);
    if (!seen.insert(member.key).second) return member.key;
    if (std::string twice = LowerKeys(member.value); !twice.empty()) return twice;
  }
  return {};
}

}  // namespace aisix::config
