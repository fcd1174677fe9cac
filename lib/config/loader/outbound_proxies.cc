#include "lib/config/loader/outbound_proxies.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "lib/config/loader/text.h"
#include "lib/url/url.h"

namespace aisix::config {
namespace {

struct Variable {
  std::string name;
  std::string_view value;
};

std::optional<Variable> Find(const Environment& environment, std::string_view name) {
  const std::string capitals(name);
  for (const std::string& spelling : {capitals, absl::AsciiStrToLower(capitals)}) {
    auto found = environment.find(spelling);
    if (found == environment.end()) continue;
    const std::string_view value = Trim(found->second);
    if (!value.empty()) return Variable{spelling, value};
  }
  return std::nullopt;
}

absl::Status Unusable(const Variable& variable, std::string_view why) {
  return absl::InvalidArgumentError(Concat(variable.name, ": ", why));
}

absl::StatusOr<OutboundProxy> Parse(const Variable& variable) {
  std::string text(variable.value);
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  const absl::StatusOr<url::Url> parsed = url::Parse(text);
  if (!parsed.ok()) {
    return Unusable(variable, Concat("not a proxy URL: ", parsed.status().message(),
                                     "; expected http://[user:password@]host:port"));
  }
  if (parsed->scheme != "http" && parsed->scheme != "https") {
    return Unusable(variable, Concat("proxies of the kind ", parsed->scheme,
                                     " are not supported; use http:// or https://"));
  }
  OutboundProxy proxy;
  proxy.tls = parsed->scheme == "https";
  proxy.host = parsed->host;
  proxy.port = parsed->port;
  if (!parsed->userinfo.empty()) {
    const size_t colon = parsed->userinfo.find(':');
    const std::string_view userinfo = parsed->userinfo;
    const auto username = url::PercentDecode(userinfo.substr(0, colon));
    const auto password =
        url::PercentDecode(colon == std::string::npos ? std::string_view() : userinfo.substr(colon + 1));
    if (!username || !password) return Unusable(variable, "malformed %-escape in the credentials");
    proxy.has_credentials = true;
    proxy.username = *username;
    proxy.password = *password;
  }
  return proxy;
}

absl::StatusOr<std::optional<OutboundProxy>> Choose(const Environment& environment, std::string_view name) {
  std::optional<Variable> variable = Find(environment, name);
  if (!variable) variable = Find(environment, "ALL_PROXY");
  if (!variable) return std::optional<OutboundProxy>();
  absl::StatusOr<OutboundProxy> proxy = Parse(*variable);
  if (!proxy.ok()) return proxy.status();
  return std::optional<OutboundProxy>(*std::move(proxy));
}

}  // namespace

absl::StatusOr<OutboundProxies> ReadOutboundProxies(const Environment& environment) {
  OutboundProxies proxies;
  absl::StatusOr<std::optional<OutboundProxy>> https = Choose(environment, "HTTPS_PROXY");
  if (!https.ok()) return https.status();
  absl::StatusOr<std::optional<OutboundProxy>> http = Choose(environment, "HTTP_PROXY");
  if (!http.ok()) return http.status();
  proxies.https = *std::move(https);
  proxies.http = *std::move(http);
  if (!proxies.https && !proxies.http) return proxies;
  const std::optional<Variable> exceptions = Find(environment, "NO_PROXY");
  if (!exceptions) return proxies;
  // Commas or blanks.
  std::string entry;
  const auto end_of_entry = [&] {
    if (!entry.empty()) proxies.exceptions.push_back(std::exchange(entry, {}));
  };
  for (const char c : exceptions->value) {
    if (c == ',' || absl::ascii_isspace(static_cast<unsigned char>(c))) {
      end_of_entry();
    } else {
      entry += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
  }
  end_of_entry();
  return proxies;
}

}  // namespace aisix::config
