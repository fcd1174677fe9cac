#include "lib/config/loader/file_format.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"
#include "lib/os/error.h"
#include "lib/os/memory_file.h"
#include "lib/os/unique_fd.h"

namespace aisix::config {
namespace {

constexpr size_t kMaxFileBytes = size_t{16} << 20;

using Parser = absl::StatusOr<Value> (*)(std::string_view, std::string_view);

Parser ParserFor(std::string_view extension) {
  if (extension == ".yaml" || extension == ".yml") return ParseYaml;
  if (extension == ".toml") return ParseToml;
  if (extension == ".json") return ParseJson;
  return nullptr;
}

bool IsFile(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    return absl::UnavailableError(Concat(os::ErrorText(errno), " in ", path));
  }
  absl::StatusOr<std::string> text = os::ReadAll(file.get(), kMaxFileBytes);
  if (!text.ok()) return absl::UnavailableError(Concat(text.status().message(), " in ", path));
  if (!IsUtf8(*text)) {
    return absl::InvalidArgumentError(Concat("stream did not contain valid UTF-8 in ", path));
  }
  return text;
}

}  // namespace

absl::StatusOr<Value> ReadStartUpFile(const std::string& path) {
  std::string chosen = path;
  if (IsFile(path)) {
    if (ParserFor(std::filesystem::path(path).extension().string()) == nullptr) {
      std::error_code ignored;
      return absl::InvalidArgumentError(Concat(
          "configuration file \"", std::filesystem::absolute(path, ignored).lexically_normal().string(),
          "\" is not of a registered file format"));
    }
  } else {
    chosen.clear();
    for (const char* extension : {".toml", ".json", ".yaml", ".yml"}) {
      if (IsFile(path + extension)) {
        chosen = path + extension;
        break;
      }
    }
    if (chosen.empty()) {
      return absl::NotFoundError(Concat("configuration file \"", path, "\" not found"));
    }
  }
  absl::StatusOr<std::string> text = ReadText(chosen);
  if (!text.ok()) return text.status();
  Parser parse = ParserFor(std::filesystem::path(chosen).extension().string());
  absl::StatusOr<Value> root = parse(*text, chosen);
  if (!root.ok()) {
    return absl::InvalidArgumentError(Concat(root.status().message(), " in ", chosen));
  }
  if (std::string twice = LowerKeys(*root); !twice.empty()) {
    return absl::InvalidArgumentError(Concat("duplicate key `", twice, "` in ", chosen));
  }
  return root;
}

}  // namespace aisix::config
