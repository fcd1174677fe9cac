#include <algorithm>

#include "absl/strings/ascii.h"
#include "lib/url/url.h"

namespace aisix::url {
namespace {

// Where a URL inside a text ends: at what neither a URL nor a sentence around it would hold unescaped.
bool EndsUrl(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`' ||
         c == ')' || c == ']' || c == '}';
}

bool EqualsFolded(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return absl::ascii_tolower(static_cast<unsigned char>(a)) == b; });
}

// Position of the next http(s) or ws(s) URL at or behind `from`, npos when there is none.
size_t FindUrl(std::string_view text, size_t from) {
  static constexpr std::string_view kSchemes[] = {"https", "http", "wss", "ws"};
  for (size_t at = text.find("://", from); at != std::string_view::npos; at = text.find("://", at + 3)) {
    for (std::string_view scheme : kSchemes) {
      if (at >= from + scheme.size() &&
          EqualsFolded(text.substr(at - scheme.size(), scheme.size()), scheme)) {
        return at - scheme.size();
      }
    }
  }
  return std::string_view::npos;
}

std::string HideUserinfo(std::string_view url) {
  size_t start = url.find("://") + 3;
  size_t end = std::min(url.find_first_of("/?#", start), url.size());
  size_t at = url.substr(start, end - start).rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  std::string result(url.substr(0, start));
  result.append("REDACTED").append(url.substr(start + at));
  return result;
}

}  // namespace

bool IsCredentialName(std::string_view name) {
  std::string folded;
  for (char c : PercentDecode(name).value_or(std::string(name))) {
    if (c != '-' && c != '_') folded.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  for (std::string_view ending : {"key", "token", "secret", "password", "credential", "sig", "signature"}) {
    if (folded.ends_with(ending)) return true;
  }
  return false;
}

std::string RedactQuery(std::string_view url) {
  size_t mark = url.find('?');
  if (mark == std::string_view::npos) return std::string(url);
  std::string result(url.substr(0, mark + 1));
  std::string_view query = url.substr(mark + 1);
  std::string_view fragment;
  if (size_t hash = query.find('#'); hash != std::string_view::npos) {
    fragment = query.substr(hash);
    query = query.substr(0, hash);
  }
  for (bool first = true;; first = false) {
    size_t ampersand = query.find('&');
    std::string_view pair = query.substr(0, ampersand);
    size_t equals = pair.find('=');
    if (!first) result.push_back('&');
    if (equals != std::string_view::npos && IsCredentialName(pair.substr(0, equals))) {
      result.append(pair.substr(0, equals + 1)).append("REDACTED");
    } else {
      result.append(pair);
    }
    if (ampersand == std::string_view::npos) break;
    query.remove_prefix(ampersand + 1);
  }
  result.append(fragment);
  return result;
}

std::string RedactUrls(std::string_view text) {
  std::string result;
  size_t from = 0;
  for (size_t at = FindUrl(text, 0); at != std::string_view::npos; at = FindUrl(text, from)) {
    result.append(text.substr(from, at - from));
    size_t end = at;
    // An IPv6 host may hold a `]` that does not end the URL.
    bool bracket = false;
    while (end < text.size() && (!EndsUrl(text[end]) || (bracket && text[end] == ']'))) {
      if (text[end] == '[') bracket = true;
      if (text[end] == ']') bracket = false;
      ++end;
    }
    result.append(RedactQuery(HideUserinfo(text.substr(at, end - at))));
    from = end;
  }
  result.append(text.substr(from));
  return result;
}

}  // namespace aisix::url
