#include "admin_worker/source/etcd/client/error_text.h"

#include <fmt/format.h>

namespace aisix::admin::etcd {
namespace {

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

bool Has(const absl::Status& status, std::string_view part) {
  return Text(status).find(part) != std::string_view::npos;
}

absl::Status With(absl::StatusCode code, const Endpoint& endpoint, std::string_view text) {
  return absl::Status(code, fmt::format("{}: {}", endpoint.Name(), text));
}

// What to look at when the server ended a TLS connection that this side was content with.
std::string ClientCertificateHint(const TlsSettings& tls) {
  const std::string problem = tls.ClientCertificateProblem();
  if (!problem.empty()) return fmt::format("the certificate in etcd.tls.client_cert_file {}", problem);
  return "is etcd.tls.client_cert_file signed by an authority that etcd trusts (its --trusted-ca-file)?";
}

bool IsAlert(std::string_view text) {
  return text.find("alert") != std::string_view::npos;
}

}  // namespace

absl::Status ConnectError(const Endpoint& endpoint, const absl::Status& status, const TlsSettings* tls) {
  const std::string_view text = Text(status);
  std::string hint;
  if (Has(status, "is not valid for")) {
    hint = "; etcd.tls.domain_name must be a name in etcd's certificate";
  } else if (Has(status, "certificate verify failed")) {
    hint = "; etcd.tls.ca_cert_file must hold the authority that signed etcd's certificate";
  } else if (Has(status, "wrong version number") || Has(status, "http request")) {
    hint = "; the server does not speak TLS on this port: write http:// in etcd.endpoints, without etcd.tls";
  } else if (tls != nullptr && endpoint.tls && IsAlert(text)) {
    hint = fmt::format("; etcd refused the client certificate: {}", ClientCertificateHint(*tls));
  } else if (absl::IsNotFound(status)) {
    hint = fmt::format(": {} in etcd.endpoints", endpoint.address.host);
  }
  return With(status.code(), endpoint, fmt::format("{}{}", text, hint));
}

absl::Status BrokenConnection(const Endpoint& endpoint, const absl::Status& call, const absl::Status& end,
                              bool answered, const TlsSettings* tls) {
  if (!end.ok() && tls != nullptr) {
    const std::string problem = tls->ClientCertificateProblem();
    if (!answered && (IsAlert(Text(end)) || !problem.empty()))
      return With(
          absl::StatusCode::kUnauthenticated, endpoint,
          fmt::format("{}; etcd refused the client certificate: {}", Text(end), ClientCertificateHint(*tls)));
    return With(absl::StatusCode::kUnavailable, endpoint, Text(end));
  }
  if (absl::IsDeadlineExceeded(call)) return With(call.code(), endpoint, "no answer in time");
  if (answered) return With(absl::StatusCode::kUnavailable, endpoint, Text(call));
  if (absl::IsUnimplemented(call) || Has(call, "http1") || Has(call, "HTTP/1") ||
      Has(call, "server preface") || Has(call, "Received http2 header with status"))
    return With(absl::StatusCode::kUnavailable, endpoint,
                fmt::format("what answers there is no etcd ({}): etcd.endpoints must name etcd's client port",
                            Text(call)));
  if (!endpoint.tls && (Has(call, "Socket closed") || Has(call, "Connection reset")))
    return With(
        absl::StatusCode::kUnavailable, endpoint,
        fmt::format("the connection was closed without an answer ({}): what is there expects TLS (set "
                    "etcd.tls), or it is no etcd (etcd.endpoints must name etcd's client port)",
                    Text(call)));
  return With(absl::StatusCode::kUnavailable, endpoint, Text(call));
}

absl::Status RefusedCall(const Endpoint& endpoint, const absl::Status& call, std::string_view user,
                         std::string_view password_source, std::string_view prefix) {
  std::string hint;
  if (IsPasswordRefused(call)) {
    hint = fmt::format(
        "; etcd.user is \"{}\", the password is that of the environment variable {}"
        " (etcd.password_env)",
        user, password_source);
  } else if (absl::IsPermissionDenied(call)) {
    hint = fmt::format(
        "; the role of etcd.user \"{}\" needs: etcdctl role grant-permission <role> --prefix=true read {}",
        user, prefix);
  } else if (Has(call, "user name is empty")) {
    hint = "; etcd wants a user: set etcd.user and etcd.password_env";
  }
  return With(call.code(), endpoint, fmt::format("{}{}", Text(call), hint));
}

bool IsConnectionFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kNotFound:
      return true;
    default:
      return false;
  }
}

bool IsTokenFault(const absl::Status& status) {
  return Has(status, "invalid auth token") || Has(status, "revision of auth store is old") ||
         Has(status, "auth: revision in header is old");
}

bool IsCompacted(const absl::Status& status) {
  return Has(status, "required revision has been compacted") || Has(status, "mvcc: required revision");
}

bool IsPasswordRefused(const absl::Status& status) {
  return Has(status, "authentication failed, invalid user ID or password");
}

bool IsAuthenticationOff(const absl::Status& status) {
  return Has(status, "authentication is not enabled");
}

}  // namespace aisix::admin::etcd
