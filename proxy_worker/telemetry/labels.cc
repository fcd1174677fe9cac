#include "proxy_worker/telemetry/labels.h"

namespace aisix::proxy {

std::string_view Outcome(int status) {
  if (status == 429) return "rate_limited";
  if (status >= 200 && status < 400) return "success";
  if (status >= 400 && status < 500) return "client_error";
  return "upstream_error";
}

std::string_view StatusClass(int status) {
  switch (status / 100) {
    case 2:
      return "2xx";
    case 3:
      return "3xx";
    case 4:
      return "4xx";
    case 5:
      return "5xx";
    default:
      return "other";
  }
}

}  // namespace aisix::proxy
