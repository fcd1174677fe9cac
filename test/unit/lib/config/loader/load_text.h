// Loads configuration from texts in tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "lib/config/loader/load.h"

namespace aisix::config {

// A directory of its own for one test, removed with it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = testing::TempDir() + "/configXXXXXX";
    path_ = std::filesystem::canonical(::mkdtemp(pattern.data())).string();
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  // Writes a file and returns its path.
  std::string Write(const std::string& name, const std::string& content) const {
    std::string path = path_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << content;
    return path;
  }

 private:
  std::string path_;
};

inline absl::StatusOr<Loaded> LoadText(const std::string& yaml, const Environment& environment = {},
                                       const std::string& name = "config.yaml") {
  ScratchDirectory directory;
  return Load(directory.Write(name, yaml), environment);
}

// The smallest file that boots, for tests of other keys: they append blocks.
inline constexpr char kMinimal[] =
    "resources_file: r.yaml\nproxy: {addr: \"127.0.0.1:3000\"}\nadmin: {enabled: false}\n";

inline Settings LoadSettings(const std::string& yaml, const Environment& environment = {}) {
  auto loaded = LoadText(yaml, environment);
  EXPECT_TRUE(loaded.ok()) << loaded.status() << "\n" << yaml;
  return loaded.ok() ? loaded->settings : Settings{};
}

// The message of a load that must fail.
inline std::string LoadError(const std::string& yaml, const Environment& environment = {}) {
  auto loaded = LoadText(yaml, environment);
  EXPECT_FALSE(loaded.ok()) << yaml;
  return loaded.ok() ? "" : std::string(loaded.status().message());
}

}  // namespace aisix::config
