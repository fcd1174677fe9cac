// Which header fields of operator and caller go to a provider, beside the gateway's own (spec 05 §8.4, 07
// §2.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/http/head.h"
#include "lib/model/provider_key.h"
#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

// What templates may name.
struct TemplateValues {
  std::string_view request_id;
  const CallerKey* caller = nullptr;
  const Model* model = nullptr;
};

// A value of `request.default_headers` with variables.
class HeaderTemplate {
 public:
  // nullopt: it can never be rendered (unknown variable, open `${`, a variable of the provider key without a
  // value). Variables of the provider key are filled in here.
  static std::optional<HeaderTemplate> Parse(std::string_view text, std::string_view provider_key_id,
                                             std::string_view provider_key_name);
  // No variable is left: `literal` is the value.
  bool is_static() const {
    return parts_.size() <= 1 && (parts_.empty() || parts_[0].variable == Variable::kNone);
  }
  // Appends the value; false, with `out` unchanged: a variable has no value, or the result is no field value.
  bool Render(const TemplateValues& values, std::string& out) const;

 private:
  enum class Variable : uint8_t {
    kNone,
    kRequestId,
    kCallerId,
    kCallerName,
    kCallerTeam,
    kCallerUser,
    kModelId,
    kModelName
  };
  struct Part {
    Variable variable = Variable::kNone;
    std::string literal;
  };
  static std::string_view ValueOf(Variable variable, const TemplateValues& values);
  void AppendLiteral(std::string_view text);

  std::vector<Part> parts_;
};

// The policy of one provider key, compiled. Immutable; any thread.
class HeaderPolicy {
 public:
  // `own_lines`: complete lines of the gateway ("name: value\r\n"); `own_names`, lower case, can be set by
  // nobody else. `fallbacks`: fields that are sent where nobody set them.
  using Field = std::pair<std::string, std::string>;
  HeaderPolicy(const model::RequestRewrite& rewrite, std::string_view provider_key_id,
               std::string_view provider_key_name, std::string_view own_lines,
               std::vector<std::string> own_names, const std::vector<Field>& fallbacks);

  ~HeaderPolicy();  // wipes the lines: they hold credentials
  HeaderPolicy(const HeaderPolicy&) = delete;
  HeaderPolicy& operator=(const HeaderPolicy&) = delete;

  // The lines are the same for every request.
  bool is_static() const { return templates_.empty() && forwarded_.empty(); }
  // All lines; only when is_static().
  std::string_view lines() const { return lines_; }
  // Appends all lines of one request to `out`.
  void AppendLines(const TemplateValues& values, const http::Headers& caller_headers, std::string& out) const;

 private:
  bool MayBeSetLate(std::string_view name) const;

  std::vector<std::string> names_;  // set by lines_, and the gateway's own
  std::string lines_;
  std::vector<std::pair<std::string, HeaderTemplate>> templates_;  // lower-case name, value
  std::vector<std::string> forwarded_;                             // patterns in lower case
  std::vector<Field> late_fallbacks_;                              // templates or callers may set them
};

// True: no operator and no caller can set a field of this lower-case name.
bool IsReservedHeader(std::string_view name);
// True: no caller can, whatever the patterns.
bool IsNeverForwarded(std::string_view name);
// A token of RFC 9110; a text without control characters.
bool IsHeaderName(std::string_view name);
bool IsHeaderValue(std::string_view value);

}  // namespace aisix::proxy
