#include "lib/config/loader/patterns.h"

#include <map>
#include <optional>

#include "absl/strings/str_format.h"
#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"
#include "re2/re2.h"

namespace aisix::config {
namespace {

constexpr size_t kMaxRules = 64;
constexpr size_t kMaxPatternBytes = 512;
constexpr size_t kMaxClientLength = 64;

RE2::Options Quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

bool IsWordByte(char c) {
  return IsAlphanumeric(c) || c == '_';
}

// The code point at the start of valid UTF-8 text, and its length in bytes.
std::pair<char32_t, size_t> DecodeFirst(std::string_view text) {
  auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  size_t length = byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  if (length > text.size()) return {0xfffd, text.size()};
  char32_t point = byte(0) & (0xff >> (length + 1));
  for (size_t at = 1; at < length; ++at) point = point << 6 | (byte(at) & 0x3f);
  return {point, length};
}

bool ForbiddenInPath(char32_t point) {
  if (point == '?' || point == '#' || point <= 0x20 || (point >= 0x7f && point <= 0xa0)) return true;
  return point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
         point == 0x202f || point == 0x205f || point == 0x3000;
}

// How the message shows a forbidden character, between quotes.
std::string Shown(char32_t point, std::string_view bytes) {
  switch (point) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      if (point > 0x20 && point < 0x7f) return std::string(bytes);
      return point == ' ' ? " " : absl::StrFormat("\\u{%x}", static_cast<uint32_t>(point));
  }
}

class Groups {
 public:
  explicit Groups(const RE2& pattern)
      : count_(pattern.NumberOfCapturingGroups()), named_(pattern.NamedCapturingGroups()) {}

  bool Has(std::string_view name) const {
    bool digits = !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits) return named_.contains(std::string(name));
    auto number = ParseUnsigned(name);
    return number && *number <= static_cast<uint64_t>(count_);
  }

 private:
  int count_;
  const std::map<std::string, int>& named_;
};

// The message behind the rule's name; empty: every reference of the template is to a group that exists.
std::string CheckReferences(std::string_view text, const Groups& groups) {
  while (true) {
    size_t dollar = text.find('$');
    if (dollar == std::string_view::npos) return {};
    text.remove_prefix(dollar + 1);
    if (ConsumePrefix(text, "$")) continue;
    if (ConsumePrefix(text, "{")) {
      size_t end = text.find('}');
      if (end == std::string_view::npos) return "rewrite has an unterminated `${…}` group reference";
      std::string_view name = text.substr(0, end);
      if (!groups.Has(name)) {
        return Concat("rewrite references unknown capture group `${", name, "}`");
      }
      text.remove_prefix(end + 1);
      continue;
    }
    size_t length = 0;
    while (length < text.size() && IsWordByte(text[length])) ++length;
    if (length == 0) continue;  // a lone dollar is itself
    std::string_view name = text.substr(0, length);
    if (!groups.Has(name)) {
      return Concat("rewrite references unknown capture group `$", name,
                    "` (write `${N}text` to follow group N with literal text)");
    }
    text.remove_prefix(length);
  }
}

std::string RewriteProblem(const UrlRewrite& rule) {
  RE2 pattern(rule.match, Quiet());
  if (!pattern.ok()) return Concat("invalid match regex: ", pattern.error());
  if (RE2::PartialMatch("", pattern)) return "match must not match the empty string";
  for (std::string_view rest = rule.rewrite; !rest.empty();) {
    auto [point, length] = DecodeFirst(rest);
    if (ForbiddenInPath(point)) {
      return Concat("rewrite must not contain '", Shown(point, rest.substr(0, length)),
                    "' (the template is a path; the query string is preserved automatically)");
    }
    rest.remove_prefix(length);
  }
  return CheckReferences(rule.rewrite, Groups(pattern));
}

bool IsClientName(std::string_view name) {
  if (name.empty() || name.size() > kMaxClientLength) return false;
  auto lower_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!lower_or_digit(name[0])) return false;
  for (char c : name) {
    if (!lower_or_digit(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

}  // namespace

std::string TranslateNamedGroups(std::string_view pattern) {
  std::string translated;
  bool in_class = false;
  for (size_t at = 0; at < pattern.size(); ++at) {
    char c = pattern[at];
    translated += c;
    if (c == '\\' && at + 1 < pattern.size()) {
      // \Q…\E is literal text.
      size_t length = 1;
      if (pattern[at + 1] == 'Q' && !in_class) {
        size_t end = pattern.find("\\E", at + 2);
        length = (end == std::string_view::npos ? pattern.size() : end + 2) - at - 1;
      }
      translated += pattern.substr(at + 1, length);
      at += length;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      // A bracket that comes first, also behind a caret, is a member of the class.
      for (char first : {'^', ']'}) {
        if (at + 1 < pattern.size() && pattern[at + 1] == first) translated += pattern[++at];
      }
    } else if (c == '(' && pattern.substr(at + 1).starts_with("?<") && at + 3 < pattern.size() &&
               pattern[at + 3] != '=' && pattern[at + 3] != '!') {
      translated += "?P<";
      at += 2;
    }
  }
  return translated;
}

absl::Status CheckUrlRewrite(size_t index, UrlRewrite& rule) {
  rule.match = TranslateNamedGroups(rule.match);
  std::string problem = RewriteProblem(rule);
  if (problem.empty()) return absl::OkStatus();
  std::string name = rule.name.empty() ? Concat("proxy.url_rewrites[", index, "]") : rule.name;
  return absl::InvalidArgumentError(Concat(name, ": ", problem));
}

absl::Status CheckClientTypeRules(std::vector<ClientTypeRule>& rules) {
  const std::string prefix = "observability.metrics.client_type_rules";
  if (rules.size() > kMaxRules) {
    return absl::InvalidArgumentError(
        Concat(prefix, ": ", rules.size(), " rules exceed the limit of ", kMaxRules));
  }
  RE2::Options options = Quiet();
  options.set_case_sensitive(false);
  for (size_t i = 0; i < rules.size(); ++i) {
    std::string where = Concat(prefix, "[", i, "]: ");
    if (rules[i].pattern.empty() || rules[i].pattern.size() > kMaxPatternBytes) {
      return absl::InvalidArgumentError(Concat(where, "pattern must be 1..=512 bytes"));
    }
    if (!IsClientName(rules[i].client)) {
      return absl::InvalidArgumentError(Concat(where, "client ", Quote(rules[i].client),
                                               " must match [a-z0-9][a-z0-9._-]* and be at most 64 chars"));
    }
    rules[i].pattern = TranslateNamedGroups(rules[i].pattern);
    RE2 pattern(rules[i].pattern, options);
    if (!pattern.ok()) {
      return absl::InvalidArgumentError(Concat(where, "invalid pattern: ", pattern.error()));
    }
  }
  return absl::OkStatus();
}

}  // namespace aisix::config
