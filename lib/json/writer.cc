#include "lib/json/writer.h"

#include <charconv>
#include <cmath>

#include "lib/json/text.h"

namespace aisix::json {

void Writer::BeforeValue() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_values_ & 1) out_.push_back(',');
  has_values_ |= 1;
}

Writer& Writer::BeginObject() {
  BeforeValue();
  has_values_ <<= 1;
  out_.push_back('{');
  return *this;
}

Writer& Writer::BeginArray() {
  BeforeValue();
  has_values_ <<= 1;
  out_.push_back('[');
  return *this;
}

Writer& Writer::Close(char bracket) {
  has_values_ >>= 1;
  out_.push_back(bracket);
  return *this;
}

Writer& Writer::EndObject() {
  return Close('}');
}
Writer& Writer::EndArray() {
  return Close(']');
}

Writer& Writer::Key(std::string_view name) {
  BeforeValue();
  AppendString(out_, name);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

Writer& Writer::String(std::string_view text) {
  BeforeValue();
  AppendString(out_, text);
  return *this;
}

Writer& Writer::Int(int64_t value) {
  BeforeValue();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out_.append(digits, end);
  return *this;
}

Writer& Writer::Uint(uint64_t value) {
  BeforeValue();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out_.append(digits, end);
  return *this;
}

Writer& Writer::Double(double value) {
  if (!std::isfinite(value)) return Null();
  BeforeValue();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out_.append(digits, end);
  return *this;
}

Writer& Writer::Bool(bool value) {
  BeforeValue();
  out_.append(value ? "true" : "false");
  return *this;
}

Writer& Writer::Null() {
  BeforeValue();
  out_.append("null");
  return *this;
}

Writer& Writer::Raw(std::string_view json) {
  BeforeValue();
  out_.append(json);
  return *this;
}

}  // namespace aisix::json
