// Reads the start-up file (spec 01 §4.1).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/config/loader/value.h"

namespace aisix::config {

// Each parses one whole text; `origin` is recorded in the values. The root is a table. Errors are the
// parser's own message, without the name of the file. A duplicate key in one table is an error.
absl::StatusOr<Value> ParseYaml(std::string_view text, std::string_view origin);
absl::StatusOr<Value> ParseToml(std::string_view text, std::string_view origin);
absl::StatusOr<Value> ParseJson(std::string_view text, std::string_view origin);

// Chooses the format by the extension and reads the file; when there is none of this name, the same name
// with an extension appended is tried. Keys come back in lower case. Errors carry the complete message
// behind `build: `.
absl::StatusOr<Value> ReadStartUpFile(const std::string& path);

}  // namespace aisix::config
