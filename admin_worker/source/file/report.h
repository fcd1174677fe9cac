// Why a resources file was refused (spec 02 §7.6).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aisix::admin::file {

// What `/status/config` calls the error (spec 02 §9.1).
enum class ErrorKind : uint8_t { kFetch, kNonJson, kParseFailed, kSchemaFailed };

struct LoadError {
  std::string scope;    // "(file)", "models[0]" or "models[0] (\"gpt-4o\")"
  std::string message;  // never holds a value of the file
  ErrorKind kind = ErrorKind::kSchemaFailed;
  std::string collection;  // of the entry; empty for the file
  std::string entry;       // its identity, else its position; empty for the file
};

struct LoadReport {
  std::string path;
  std::vector<LoadError> errors;  // in the order of the file

  void AddFileError(std::string message, ErrorKind kind = ErrorKind::kSchemaFailed);
  // "resources file «path»: «n» error(s):" and a line per error, each ended by a newline.
  std::string ToString() const;
};

}  // namespace aisix::admin::file
