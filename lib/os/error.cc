#include "lib/os/error.h"

#include <fmt/core.h>

#include <cstring>

namespace aisix::os {

std::string ErrorText(int error_number) {
  char buffer[256];
  // The GNU variant: returns the text, which need not be in the buffer.
  const char* text = ::strerror_r(error_number, buffer, sizeof(buffer));
  return fmt::format("{} (os error {})", text, error_number);
}

absl::Status ErrorStatus(int error_number, std::string_view what) {
  return absl::Status(absl::ErrnoToStatusCode(error_number),
                      fmt::format("{}: {}", what, ErrorText(error_number)));
}

}  // namespace aisix::os
