#include "admin_worker/api/probes.h"

namespace aisix::admin {

ProbeAnswer Livez(bool draining, bool verbose) {
  if (draining) return {503, "[+]ping ok\n[-]shutdown failed: reason withheld\nlivez check failed"};
  return {200, verbose ? "[+]ping ok\n[+]shutdown ok\nlivez check passed\n" : "ok"};
}

ProbeAnswer Readyz(bool draining, bool configured, bool verbose) {
  if (draining && configured) return {503, "[-]shutdown failed: draining\n[+]config ok\nreadyz check failed"};
  if (draining)
    return {503, "[-]shutdown failed: draining\n[-]config failed: not ready\nreadyz check failed"};
  if (!configured) return {503, "[+]shutdown ok\n[-]config failed: not ready\nreadyz check failed"};
  return {200, verbose ? "[+]shutdown ok\n[+]config ok\nreadyz check passed\n" : "ok"};
}

bool AsksVerbose(std::string_view query) {
  while (true) {
    const size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    if (parameter.substr(0, parameter.find('=')) == "verbose") return true;
    if (end == std::string_view::npos) return false;
    query.remove_prefix(end + 1);
  }
}

}  // namespace aisix::admin
