// The addresses under which etcd is reached (spec 01 §5.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/url/url.h"

namespace aisix::admin::etcd {

struct Endpoint {
  url::HostPort address;
  bool tls = false;

  // "https://etcd-1:2379": for messages.
  std::string Name() const;
};

// Reads "http://h:p", "https://h:p" and "h:p" (as `tls` says); the port is 2379 when it is left out.
// INVALID_ARGUMENT names the entry of etcd.endpoints that cannot be used, also "http://" together with TLS.
absl::StatusOr<std::vector<Endpoint>> ParseEndpoints(const std::vector<std::string>& texts, bool tls);

}  // namespace aisix::admin::etcd
