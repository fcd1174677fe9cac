// Where the other programs of the gateway are.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace aisix::supervisor {

// A value. Looks beside this program first (a build tree), then in ../libexec/aisix (an installation). Never
// in PATH, the working directory or the environment: they are not ours.
class Programs {
 public:
  // From /proc/self/exe.
  static absl::StatusOr<Programs> Locate();
  explicit Programs(std::string own_directory) : own_directory_(std::move(own_directory)) {}

  // NOT_FOUND names the program and both places.
  absl::StatusOr<std::string> Find(std::string_view name) const;

 private:
  std::string own_directory_;
};

}  // namespace aisix::supervisor
