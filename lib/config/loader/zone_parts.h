// Cuts the settings into what each zone may know (DESIGN §1, §1.2).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/config/loader/environment.h"
#include "lib/config/loader/settings.h"
#include "lib/config/zone_config.h"

namespace aisix::config {

// What the parts say about the host and the build.
struct HostFacts {
  std::string version;
  uint32_t cpus = 1;
  // Where system CA bundles may be; the first that exists is used.
  std::vector<std::string> ca_bundles{"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
  std::string admin_socket = "/run/aisix/admin.sock";  // the default of admin.socket
  std::string resolv_conf = "/etc/resolv.conf";
  std::string hosts = "/etc/hosts";
};

struct ZoneParts {
  SupervisorPart supervisor;
  ProxyPart proxy;
  AdminPart admin;
  MetricsPart metrics;
  EgressPart egress;
};

// Looks at the file system only to find the CA bundle and whether the default socket can be made.
ZoneParts CutIntoParts(const Settings& settings, const Environment& environment, const HostFacts& host);

// The trust roots for outbound TLS, granted as "ca_bundle" and, when SSL_CERT_DIR names several files,
// "ca_bundle.1" …
std::vector<FileGrant> CaBundleGrants(std::string_view zone, const Environment& environment,
                                      const std::vector<std::string>& candidates);

// The variables that each zone may see, by zone (DESIGN §1.2): those of logging and trust roots for all, and
// those that the files name for admin. `resources` is the text of the resources file, empty in other modes.
std::map<std::string, Environment> ZoneEnvironments(const Settings& settings, const Environment& environment,
                                                    std::string_view resources);

}  // namespace aisix::config
