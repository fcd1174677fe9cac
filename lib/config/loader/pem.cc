#include "lib/config/loader/pem.h"

#include "absl/strings/escaping.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

// Label of "-----BEGIN label-----" or "-----END label-----"; empty: another line.
std::string_view Label(std::string_view line, std::string_view kind) {
  if (!ConsumePrefix(line, "-----") || !ConsumePrefix(line, kind) || !ConsumePrefix(line, " ") ||
      !ConsumeSuffix(line, "-----")) {
    return {};
  }
  return line;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PemLabels(std::string_view text) {
  std::vector<std::string> labels;
  std::string open;
  std::string body;
  for (std::string_view line : Split(text, '\n')) {
    line = Trim(line);
    if (open.empty()) {
      open = std::string(Label(line, "BEGIN"));
      body.clear();
    } else if (std::string_view end = Label(line, "END"); !end.empty()) {
      std::string decoded;
      if (end != open || body.empty() || !absl::Base64Unescape(body, &decoded)) {
        return absl::InvalidArgumentError(Concat("malformed ", open, " block"));
      }
      labels.push_back(std::move(open));
      open.clear();
    } else if (!Contains(line, ':')) {  // "Proc-Type: …" may stand before the body
      body += line;
    }
  }
  if (!open.empty()) return absl::InvalidArgumentError(Concat(open, " block without an end"));
  return labels;
}

}  // namespace aisix::config
