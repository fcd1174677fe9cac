// Pieces of JSON text: strings escaped and unescaped. Plain functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace aisix::json {

// Appends `text` as a JSON string with its quotes. Control characters are escaped; what is not valid UTF-8
// becomes U+FFFD, so the result is always valid.
void AppendString(std::string& out, std::string_view text);

// Appends the text of a string literal whose content (what stands between the quotes) is `content`. Escapes
// must be syntactically valid, as a Reader has checked. False, with `out` unchanged, when an escape names
// half a surrogate pair, which is no character.
bool AppendUnescaped(std::string& out, std::string_view content);

// Length of the escape sequence that begins with the backslash at text[at]; 0: it is none, or cut.
size_t EscapeLength(std::string_view text, size_t at);

// The offset behind the closing quote of the string whose content begins at text[from]; 0 when that is no
// valid string (UTF-8, escapes, no control characters), or its end is not in `text`.
size_t FindStringEnd(std::string_view text, size_t from);

// `text` with every sequence of bytes that is not UTF-8 replaced by U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

// The longest prefix of `text` of at most `limit` bytes that does not cut a character in two.
std::string_view Utf8Prefix(std::string_view text, size_t limit);

}  // namespace aisix::json
