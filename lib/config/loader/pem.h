// A first look at PEM files. The zone that owns the material parses it completely.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::config {

// The labels of all blocks ("CERTIFICATE", "PRIVATE KEY" …) in their order. A block without its end or with
// a body that is not base64: INVALID_ARGUMENT. Text outside blocks is ignored.
absl::StatusOr<std::vector<std::string>> PemLabels(std::string_view text);

}  // namespace aisix::config
