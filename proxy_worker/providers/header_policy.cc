#include "proxy_worker/providers/header_policy.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "lib/crypto/secret.h"
#include "lib/model/name_pattern.h"

namespace aisix::proxy {
namespace {

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower;
}

std::string_view TrimSpaces(std::string_view text) {
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

void AppendLine(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool IsReservedHeader(std::string_view name) {
  static constexpr std::array<std::string_view, 19> kReserved = {
      "authorization", "x-api-key", "x-goog-api-key", "api-key", "x-amz-security-token", "x-amz-date",
      "x-amz-content-sha256", "proxy-authorization", "cookie", "host",
      // What frames the message is the HTTP client's alone.
      "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
      "transfer-encoding", "upgrade"};
  return IsOneOf(kReserved, name);
}

bool IsNeverForwarded(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kNever = {
      "accept",     "accept-encoding", "content-encoding", "content-type", "proxy-authenticate",
      "set-cookie", "traceparent",     "tracestate"};
  return IsReservedHeader(name) || IsOneOf(kNever, name) || name.starts_with("x-aisix-") ||
         name.starts_with("x-stainless-");
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kSymbols.find(c) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

void HeaderTemplate::AppendLiteral(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().variable != Variable::kNone) parts_.emplace_back();
  parts_.back().literal.append(text);
}

std::optional<HeaderTemplate> HeaderTemplate::Parse(std::string_view text, std::string_view provider_key_id,
                                                    std::string_view provider_key_name) {
  static constexpr std::array<std::pair<std::string_view, Variable>, 7> kVariables = {
      {{"request.id", Variable::kRequestId},
       {"request.api_key.id", Variable::kCallerId},
       {"request.api_key.name", Variable::kCallerName},
       {"request.api_key.team_id", Variable::kCallerTeam},
       {"request.api_key.user_id", Variable::kCallerUser},
       {"model.id", Variable::kModelId},
       {"model.name", Variable::kModelName}}};
  HeaderTemplate result;
  while (true) {
    const size_t open = text.find("${");
    result.AppendLiteral(text.substr(0, open));
    if (open == std::string_view::npos) return result;
    text.remove_prefix(open + 2);
    const size_t close = text.find('}');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view name = TrimSpaces(text.substr(0, close));
    text.remove_prefix(close + 1);
    if (name == "provider_key.id" || name == "provider_key.name") {
      const std::string_view value = name == "provider_key.id" ? provider_key_id : provider_key_name;
      if (value.empty()) return std::nullopt;
      result.AppendLiteral(value);
      continue;
    }
    const auto found = std::find_if(kVariables.begin(), kVariables.end(),
                                    [&](const auto& variable) { return variable.first == name; });
    if (found == kVariables.end()) return std::nullopt;
    result.parts_.emplace_back().variable = found->second;
  }
}

std::string_view HeaderTemplate::ValueOf(Variable variable, const TemplateValues& values) {
  if (variable == Variable::kRequestId) return values.request_id;
  if (variable == Variable::kModelId || variable == Variable::kModelName) {
    if (values.model == nullptr) return {};
    return variable == Variable::kModelId ? std::string_view(values.model->id)
                                          : std::string_view(values.model->document->display_name);
  }
  if (values.caller == nullptr) return {};
  switch (variable) {
    case Variable::kCallerId:
      return values.caller->id();
    case Variable::kCallerName:
      return values.caller->display_name();
    case Variable::kCallerTeam:
      return values.caller->team_id();
    case Variable::kCallerUser:
      return values.caller->user_id();
    default:
      return {};
  }
}

bool HeaderTemplate::Render(const TemplateValues& values, std::string& out) const {
  const size_t before = out.size();
  for (const Part& part : parts_) {
    const std::string_view text =
        part.variable == Variable::kNone ? std::string_view(part.literal) : ValueOf(part.variable, values);
    if (text.empty() || !IsHeaderValue(text)) {
      out.resize(before);
      return false;
    }
    out.append(text);
  }
  return true;
}

HeaderPolicy::HeaderPolicy(const model::RequestRewrite& rewrite, std::string_view provider_key_id,
                           std::string_view provider_key_name, std::string_view own_lines,
                           std::vector<std::string> own_names, const std::vector<Field>& fallbacks)
    : names_(std::move(own_names)), lines_(own_lines) {
  for (const auto& [name, text] : rewrite.default_headers) {
    std::string lower = Lower(name);
    if (!IsHeaderName(lower) || IsReservedHeader(lower) || Contains(names_, lower)) continue;
    const auto same = [&](const auto& other) { return other.first == lower; };
    if (std::any_of(templates_.begin(), templates_.end(), same)) continue;  // written in two cases
    std::optional<HeaderTemplate> value = HeaderTemplate::Parse(text, provider_key_id, provider_key_name);
    if (!value) continue;
    if (!value->is_static()) {
      templates_.emplace_back(std::move(lower), std::move(*value));
      continue;
    }
    std::string rendered;
    if (!value->Render({}, rendered)) continue;
    AppendLine(lower, rendered, lines_);
    names_.push_back(std::move(lower));
  }
  for (const std::string& pattern : rewrite.forward_client_headers) {
    forwarded_.push_back(Lower(pattern));
  }
  for (const Field& fallback : fallbacks) {
    if (Contains(names_, fallback.first)) continue;
    if (MayBeSetLate(fallback.first)) {
      late_fallbacks_.push_back(fallback);
    } else {
      AppendLine(fallback.first, fallback.second, lines_);
    }
  }
}

HeaderPolicy::~HeaderPolicy() {
  crypto::Wipe(lines_);
}

bool HeaderPolicy::MayBeSetLate(std::string_view name) const {
  const auto named = [&](const auto& pair) { return pair.first == name; };
  if (std::any_of(templates_.begin(), templates_.end(), named)) return true;
  return !IsNeverForwarded(name) && model::AnyPatternMatches(forwarded_, name);
}

void HeaderPolicy::AppendLines(const TemplateValues& values, const http::Headers& caller_headers,
                               std::string& out) const {
  out.append(lines_);
  std::vector<std::string> set;
  std::string text;
  const auto add = [&](std::string_view name, std::string_view value) {
    AppendLine(name, value, out);
    set.emplace_back(name);
  };
  for (const auto& [name, value] : templates_) {
    text.clear();
    if (!Contains(set, name) && value.Render(values, text)) add(name, text);
  }
  for (const http::Header& header : caller_headers) {
    if (forwarded_.empty()) break;
    const std::string name = Lower(header.name);
    if (!IsHeaderName(name) || !IsHeaderValue(header.value) || IsNeverForwarded(name)) continue;
    if (Contains(names_, name) || Contains(set, name)) continue;
    if (model::AnyPatternMatches(forwarded_, name)) add(name, header.value);
  }
  for (const Field& fallback : late_fallbacks_) {
    if (!Contains(set, fallback.first)) AppendLine(fallback.first, fallback.second, out);
  }
}

}  // namespace aisix::proxy
