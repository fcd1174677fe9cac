#include "lib/json/text.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace aisix::json {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr char kHex[] = "0123456789abcdef";

bool Continues(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80;
}

// Length of the character that starts at `at`, or 0 when the bytes there are no UTF-8 (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF).
size_t CharacterLength(std::string_view text, size_t at) {
  const auto first = static_cast<uint8_t>(text[at]);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !Continues(text, at + 1)) return 0;
  if (first < 0xE0) return 2;
  const auto second = static_cast<uint8_t>(text[at + 1]);
  if (first < 0xF0) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return Continues(text, at + 2) ? 3 : 0;
  }
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return Continues(text, at + 2) && Continues(text, at + 3) ? 4 : 0;
}

bool Plain(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The highest bit of each byte of the word that is not Plain, exactly so up to the first one.
uint64_t NotPlain(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t quote = word ^ (kOnes * '"');
  const uint64_t backslash = word ^ (kOnes * '\\');
  return (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) | (word - kOnes * 0x20) | word) &
         (kOnes << 7);
}

// The first position from `at` on whose byte is not Plain.
size_t SkipPlain(std::string_view text, size_t at) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; text.size() - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
      uint64_t word;
      std::memcpy(&word, text.data() + at, sizeof word);
      if (const uint64_t found = NotPlain(word); found != 0) {
        return at + static_cast<size_t>(std::countr_zero(found)) / 8;
      }
    }
  }
  while (at < text.size() && Plain(text[at])) ++at;
  return at;
}

void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    case '\b':
      out.append("\\b");
      return;
    case '\f':
      out.append("\\f");
      return;
    default:
      out.append("\\u00");
      out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
      out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c - 'A' + 10;
}

uint32_t HexQuad(std::string_view text, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 4 | static_cast<uint32_t>(HexDigit(text[at + i]));
  return value;
}

void AppendCodePoint(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | code >> 12));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | code >> 18));
    out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

char SimpleEscape(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return letter;  // quote, backslash, slash
  }
}

}  // namespace

void AppendString(std::string& out, std::string_view text) {
  out.push_back('"');
  size_t from = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (Plain(text[at])) {
      ++at;
      continue;
    }
    if (const size_t length = CharacterLength(text, at); length > 1) {
      at += length;
      continue;
    }
    out.append(text.substr(from, at - from));
    if (static_cast<uint8_t>(text[at]) < 0x80) {
      AppendEscaped(out, text[at]);
    } else {
      out.append(kReplacement);
    }
    from = ++at;
  }
  out.append(text.substr(from));
  out.push_back('"');
}

bool AppendUnescaped(std::string& out, std::string_view content) {
  const size_t before = out.size();
  size_t at = 0;
  while (at < content.size()) {
    const size_t escape = content.find('\\', at);
    out.append(content.substr(at, escape - at));
    if (escape == std::string_view::npos) break;
    if (content[escape + 1] != 'u') {
      out.push_back(SimpleEscape(content[escape + 1]));
      at = escape + 2;
      continue;
    }
    uint32_t code = HexQuad(content, escape + 2);
    at = escape + 6;
    if (code >= 0xD800 && code < 0xE000) {
      const bool paired = code < 0xDC00 && content.substr(at).starts_with("\\u");
      const uint32_t low = paired ? HexQuad(content, at + 2) : 0;
      if (low < 0xDC00 || low > 0xDFFF) {
        out.resize(before);
        return false;
      }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
    AppendCodePoint(out, code);
  }
  return true;
}

size_t EscapeLength(std::string_view text, size_t at) {
  if (text.size() - at < 2) return 0;
  switch (text[at + 1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return 2;
    case 'u':
      break;
    default:
      return 0;
  }
  const bool whole = text.size() - at >= 6 && IsHex(text[at + 2]) && IsHex(text[at + 3]) &&
                     IsHex(text[at + 4]) && IsHex(text[at + 5]);
  return whole ? 6 : 0;
}

size_t FindStringEnd(std::string_view text, size_t from) {
  size_t at = from;
  while (true) {
    at = SkipPlain(text, at);
    if (at >= text.size()) return 0;
    if (text[at] == '"') return at + 1;
    size_t length = 0;
    if (text[at] == '\\') {
      length = EscapeLength(text, at);
    } else if (static_cast<uint8_t>(text[at]) >= 0x80) {
      length = CharacterLength(text, at);
    }
    if (length == 0) return 0;
    at += length;
  }
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  size_t from = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (const size_t length = CharacterLength(text, at); length > 0) {
      at += length;
      continue;
    }
    out.append(text.substr(from, at - from));
    out.append(kReplacement);
    // One replacement for a character that was cut short, as decoders do (Unicode, "maximal subpart").
    const auto first = static_cast<uint8_t>(text[at]);
    const size_t wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    ++at;
    if (first >= 0xC2 && first <= 0xF4) {
      const auto second = at < text.size() ? static_cast<uint8_t>(text[at]) : 0;
      const bool second_fits = !((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                                 (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F));
      for (size_t i = 1; second_fits && i < wanted && Continues(text, at); ++i) ++at;
    }
    from = at;
  }
  out.append(text.substr(from));
  return out;
}

std::string_view Utf8Prefix(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<uint8_t>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace aisix::json
