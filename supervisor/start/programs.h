// Where the other programs of the gateway are.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace aisix::supervisor {

// A value. Looks beside this program first (a build tree), then in ../libexec/aisix (an installation). Never
// in PATH, the working directory or the environment: they are not ours.
class Programs {
 public:
  // From /proc/self/exe.
  static absl::StatusOr<Programs> Locate();
  explicit Programs(std::string own_directory, std::string own_program = {})
      : own_directory_(std::move(own_directory)), own_program_(std::move(own_program)) {}

  // The file of this process's program, wherever its name led when it was started: after an upgrade in place,
  // the new one. Only of Locate().
  const std::string& own_program() const { return own_program_; }

  // NOT_FOUND names the program and both places.
  absl::StatusOr<std::string> Find(std::string_view name) const;

 private:
  std::string own_directory_;
  std::string own_program_;
};

}  // namespace aisix::supervisor
