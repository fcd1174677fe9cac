#include "lib/os/error.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace aisix::os {

std::string ErrorText(int error_number) {
  char buffer[256];
  // The GNU variant: returns the text, which need not be in the buffer.
  const char* text = ::strerror_r(error_number, buffer, sizeof(buffer));
  return absl::StrCat(text, " (os error ", error_number, ")");
}

absl::Status ErrorStatus(int error_number, std::string_view what) {
  return absl::Status(absl::ErrnoToStatusCode(error_number),
                      absl::StrCat(what, ": ", ErrorText(error_number)));
}

}  // namespace aisix::os
