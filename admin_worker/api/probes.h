// /livez and /readyz of the admin listener (spec 01 §8.2).
#pragma once

#include <string_view>

namespace aisix::admin {

struct ProbeAnswer {
  int status;
  std::string_view body;
};

ProbeAnswer Livez(bool draining, bool verbose);
ProbeAnswer Readyz(bool draining, bool configured, bool verbose);
// Whether a query has a parameter named `verbose`.
bool AsksVerbose(std::string_view query);

}  // namespace aisix::admin
