#include "proxy_worker/dialects/openai_chat/error.h"

#include "lib/json/text.h"

namespace aisix::proxy::openai_chat {
namespace {

using json::Kind;
using json::Value;

constexpr size_t kExcerptBytes = 1024;
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

std::string TextOf(const Value& value, std::string_view document) {
  std::string text;
  if (!json::AppendUnescaped(text, value.content(document))) {
    // Half a surrogate pair: show the escapes as they were written.
    text = value.content(document);
  }
  return Excerpt(text);
}

// `code` as a number: a JSON number or a string of digits.
std::optional<int> StatusOf(const Value& code, std::string_view document) {
  uint64_t number = 0;
  std::string_view digits;
  if (code.kind == Kind::kNumber) {
    digits = code.span.of(document);
  } else if (code.kind == Kind::kString) {
    digits = code.content(document);
  }
  if (digits.empty() || !json::ParseUnsigned(digits, number) || number < 400 || number > 599) {
    return std::nullopt;
  }
  return static_cast<int>(number);
}

struct ErrorMembers {
  Value message, type, code, param, status;
};

// Consumes an object.
void ReadMembers(json::Reader& reader, ErrorMembers& members) {
  if (!reader.EnterObject()) return;
  json::Key key;
  while (reader.NextMember(key)) {
    if (key.Is("message")) {
      members.message = reader.Read();
    } else if (key.Is("type")) {
      members.type = reader.Read();
    } else if (key.Is("code")) {
      members.code = reader.Read();
    } else if (key.Is("param")) {
      members.param = reader.Read();
    } else if (key.Is("status")) {
      members.status = reader.Read();
    } else {
      reader.Skip();
    }
  }
}

// Goes through the top level of `text`. kInvalid: it is no JSON object with an `error`.
Kind ReadTop(json::Reader& reader, std::string_view text, ErrorMembers& members, Value& whole) {
  if (!reader.Start(text) || !reader.EnterObject()) return Kind::kInvalid;
  Kind kind = Kind::kInvalid;
  json::Key key;
  while (reader.NextMember(key)) {
    if (!key.Is("error")) {
      reader.Skip();
      continue;
    }
    kind = reader.Peek();
    const size_t from = reader.position();
    if (kind == Kind::kObject) {
      ReadMembers(reader, members);
      whole.span = json::Span{from, reader.last_end() - from};
    } else {
      whole = reader.Read();
    }
  }
  return reader.Finish() ? kind : Kind::kInvalid;
}

// Appends a string member; false when it is neither string, null nor absent.
bool TakeString(const Value& value, std::string_view document, std::string& out) {
  if (value.kind == Kind::kString) out = TextOf(value, document);
  return value.kind == Kind::kString || value.kind == Kind::kNull || value.kind == Kind::kInvalid;
}

}  // namespace

std::string Excerpt(std::string_view text) {
  // A replacement is longer than what it replaces, so a little more than the result needs is looked at.
  std::string clean = json::ReplaceInvalidUtf8(text.substr(0, 2 * kExcerptBytes));
  if (clean.size() <= kExcerptBytes) return clean;
  clean.resize(json::Utf8Prefix(clean, kExcerptBytes).size());
  return clean.append(kEllipsis);
}

std::optional<ProviderError> ReadErrorBody(json::Reader& reader, std::string_view body) {
  ErrorMembers members;
  Value whole;
  if (ReadTop(reader, body, members, whole) != Kind::kObject) return std::nullopt;
  ProviderError error;
  if (!TakeString(members.message, body, error.message) || !TakeString(members.type, body, error.type) ||
      !TakeString(members.code, body, error.code) || !TakeString(members.param, body, error.param)) {
    return std::nullopt;
  }
  return error;
}

std::optional<ProviderError> ReadInBandError(json::Reader& reader, std::string_view payload) {
  ErrorMembers members;
  Value whole;
  ProviderError error;
  switch (ReadTop(reader, payload, members, whole)) {
    case Kind::kString:
      error.message = TextOf(whole, payload);
      return error;
    case Kind::kObject:
      break;
    default:
      return std::nullopt;
  }
  (void)TakeString(members.message, payload, error.message);
  (void)TakeString(members.type, payload, error.type);
  (void)TakeString(members.param, payload, error.param);
  if (error.type.empty()) (void)TakeString(members.status, payload, error.type);
  error.status = StatusOf(members.code, payload);
  if (!error.status) (void)TakeString(members.code, payload, error.code);
  if (error.message.empty()) error.message = Excerpt(whole.span.of(payload));
  return error;
}

}  // namespace aisix::proxy::openai_chat
