// Which endpoint a path is, and which methods it has (spec 05 §3.1, §3.2).
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy_worker/pipeline/endpoint.h"

namespace aisix::proxy {

struct Route {
  enum class Kind : uint8_t {
    kEndpoint,          // call its handler
    kMethodNotAllowed,  // 405 with `allow`
    kTunnelRemoved,     // 410: below /passthrough/
    kNotFound,          // 404
  };
  Kind kind = Kind::kNotFound;
  Endpoint endpoint = Endpoint::kOther;
  std::string_view allow;  // value of the Allow header; static text
};

// `path` is the raw, percent-encoded path; nothing is normalised. HEAD is GET.
Route MatchRoute(std::string_view method, std::string_view path);

}  // namespace aisix::proxy
