// Reads JSON text in place, once, from front to back, and validates every byte of it on the way: UTF-8,
// control characters, escapes, numbers, literals, punctuation, depth, and nothing behind the document. Values
// are handed out as positions in the text, so that the text can be forwarded with a few pieces exchanged
// (splice.h). No tree is built and nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace aisix::json {

struct Span {
  size_t offset = 0;
  size_t length = 0;

  size_t end() const { return offset + length; }
  std::string_view of(std::string_view text) const { return {text.data() + offset, length}; }
};

enum class Kind : uint8_t { kInvalid, kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

// A value that was read.
struct Value {
  Kind kind = Kind::kInvalid;
  bool escaped = false;  // a string that holds a backslash
  Span span;             // the whole value, a string with its quotes

  // What stands between the quotes of a string, not unescaped.
  std::string_view content(std::string_view text) const {
    return {text.data() + span.offset + 1, span.length - 2};
  }
};

// The key of a member.
struct Key {
  bool escaped = false;   // holds a backslash: compare with Is, which unescapes
  Span span;              // with its quotes
  std::string_view text;  // between the quotes, borrowed from the document, not unescaped

  bool Is(std::string_view name) const { return escaped ? IsEscaped(name) : text == name; }
  // Of a literal: its length and bytes are known where it is compared.
  template <size_t N>
  [[gnu::always_inline]] bool Is(const char (&name)[N]) const {
    if (escaped) [[unlikely]]
      return IsEscaped(std::string_view(name, N - 1));
    return text.size() == N - 1 && std::memcmp(text.data(), name, N - 1) == 0;
  }

 private:
  bool IsEscaped(std::string_view name) const;
};

// A reader belongs to one thread and is used for one document after another; it keeps its index (about four
// bytes per byte of a dense document) between documents unless that grew large.
//
//   if (!reader.Start(text) || !reader.EnterObject()) …
//   Key key;
//   while (reader.NextMember(key)) {
//     if (key.Is("model")) model = reader.Read(); else reader.Skip();   // exactly one value per member
//   }
//   if (!reader.Finish()) …   // only now is the document known to be valid
//
// Errors stick: after the first one every call answers false or kInvalid, so loops end by themselves.
class Reader {
 public:
  // `max_depth`: at most 128.
  explicit Reader(size_t max_depth = 128);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Begins with `text`, which is borrowed until Finish; nothing behind its end is read. False: it is empty,
  // no UTF-8, has a control character or an open end within a string, or is larger than 4 GiB.
  bool Start(std::string_view text);

  // The kind of the value that comes next; nothing is consumed. Scalars are not validated yet.
  Kind Peek() const;

  // Consumes the bracket when the next value is an object (array); otherwise false and nothing is consumed.
  bool EnterObject();
  bool EnterArray();
  // Goes to the next member (element): false when the bracket closes, which is consumed, or on an error.
  bool NextMember(Key& key);
  bool NextElement();

  // Validates and consumes the next value, with all that is in it.
  Value Read();
  void Skip();

  // Where the next token starts, and where the value or bracket that was consumed last ended: together the
  // span of a container that was entered.
  size_t position() const { return failed_ || Done() ? text_.size() : index_[next_]; }
  size_t last_end() const { return last_end_; }

  // True when exactly one valid document was consumed.
  bool Finish();
  // After Finish: appends the strings, values and keys, that stand within `regions`, which are values that
  // were read, ascending.
  void FindStrings(std::span<const Span> regions, std::vector<Span>& found) const;

  bool failed() const { return failed_; }
  bool too_deep() const { return too_deep_; }
  std::string_view text() const { return text_; }

 private:
  static constexpr size_t kDepthLimit = 128;

  [[gnu::cold]] bool Fail();
  bool Enter(char bracket);
  bool NextInContainer(char close);
  char At(size_t token) const { return text_.data()[index_[token]]; }
  bool Done() const { return next_ >= count_; }
  size_t ScalarEnd(size_t token) const;  // up to the next token, without trailing whitespace
  bool ReadString(size_t token, size_t& end, bool& escaped);
  bool CheckEscapes(size_t from, size_t end, bool& escaped);
  [[gnu::noinline]] bool CheckKey(Key& key);
  bool ReadScalar(Kind kind, size_t& end, bool& escaped);
  bool ReadContainer(Kind kind);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer_;
  std::string_view text_;
  const uint32_t* index_ =
      nullptr;  // offsets of the tokens; one more, the length of the text, is behind them
  size_t count_ = 0;
  size_t next_ = 0;
  size_t capacity_ = 0;
  size_t depth_ = 0;
  size_t last_end_ = 0;
  size_t first_escape_ = 0;  // the first backslash behind the strings that were read; the length: none
  const size_t max_depth_;
  bool first_ = false;  // the container was just entered: no comma is due
  bool failed_ = true;
  bool too_deep_ = false;
};

// The number as an unsigned integer, when it is written as one and fits; false otherwise.
bool ParseUnsigned(std::string_view number, uint64_t& value);
// The value of a valid JSON number; out of range becomes ±infinity or 0.
double ParseDouble(std::string_view number);

}  // namespace aisix::json
