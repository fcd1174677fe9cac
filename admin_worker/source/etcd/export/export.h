// `aisix export` (spec 02 §8): runs without a supervisor and without a sandbox, for an operator at a
// terminal.
#pragma once

#include <string>
#include <vector>

namespace aisix::admin::etcd {

// `arguments`: --etcd <url>[,<url>…] (repeatable), --prefix, --reveal-secrets, --output. The exit code.
int Export(const std::vector<std::string>& arguments);

}  // namespace aisix::admin::etcd
