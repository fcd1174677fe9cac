// What went wrong between the gateway and etcd, in words that name the key or the file to mend.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "admin_worker/source/etcd/client/endpoint.h"
#include "admin_worker/source/etcd/client/tls_settings.h"

namespace aisix::admin::etcd {

// Opening a connection failed. `tls`: null without etcd.tls.
absl::Status ConnectError(const Endpoint& endpoint, const absl::Status& status, const TlsSettings* tls);

// A connection broke: `call` is what gRPC said, `end` why the secured connection ended, if that is known;
// `answered`: it had worked.
absl::Status BrokenConnection(const Endpoint& endpoint, const absl::Status& call, const absl::Status& end,
                              bool answered, const TlsSettings* tls);

// etcd answered with a refusal. `user`: of etcd.user, empty without authentication; `password_source`: what
// etcd.password_env names; `prefix`: what was to be read.
absl::Status RefusedCall(const Endpoint& endpoint, const absl::Status& call, std::string_view user,
                         std::string_view password_source, std::string_view prefix);

// Whether the connection (and not the request) is at fault, so that another endpoint may do better.
bool IsConnectionFault(const absl::Status& status);
// The token is not valid, or was made before users or roles changed: a new one may do better.
bool IsTokenFault(const absl::Status& status);
// The revision that was asked for is gone.
bool IsCompacted(const absl::Status& status);
// User and password were refused.
bool IsPasswordRefused(const absl::Status& status);
// The server has no users.
bool IsAuthenticationOff(const absl::Status& status);

}  // namespace aisix::admin::etcd
