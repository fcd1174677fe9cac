// What is shown to etcd and what is believed of it (spec 01 §5.1, 02 §3.1).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/net/security.h"

namespace aisix::admin::etcd {

// The texts of the files, by the names under which they are granted.
struct TlsFiles {
  std::string ca_cert;  // PEM: the only roots that are trusted
  std::string client_cert, client_key;

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

// Immutable.
class TlsSettings {
 public:
  virtual ~TlsSettings() = default;
  virtual const net::ClientSecurity& security() const = 0;
  // The name that etcd's certificate must hold.
  virtual const std::string& expected_name() const = 0;
  // What is wrong with the client certificate right now, as far as that can be seen from here: "is not valid
  // after 2026-01-31T00:00:00Z"; empty: nothing.
  virtual std::string ClientCertificateProblem() const = 0;
};

// INVALID_ARGUMENT names the file: "etcd.tls.client_key_file: …".
absl::StatusOr<std::shared_ptr<const TlsSettings>> MakeTlsSettings(const TlsFiles& files,
                                                                   std::string expected_name);

}  // namespace aisix::admin::etcd
