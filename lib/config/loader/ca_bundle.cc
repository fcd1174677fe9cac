#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "lib/config/loader/text.h"
#include "lib/config/loader/zone_parts.h"

namespace aisix::config {
namespace {

// Every granted file is a descriptor of the zone.
constexpr size_t kMaxFiles = 512;

// "4f316efb.0": the names by which OpenSSL finds certificates in a directory.
bool IsHashedName(std::string_view name) {
  if (name.size() < 10 || name[8] != '.') return false;
  auto is_hex = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); };
  return std::all_of(name.begin(), name.begin() + 8, is_hex) &&
         name.find_first_not_of("0123456789", 9) == std::string_view::npos;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Certificates of the directory that are not in `bundle`: a system directory mostly holds what the system
// bundle beside it holds too, and every granted file costs a descriptor and a watch.
std::vector<std::string> CertificatesIn(const std::string& directory, const std::string& bundle) {
  std::error_code error;
  std::set<std::string> files;  // hashed names are links, several to one file
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!IsHashedName(entry->path().filename().string())) continue;
    std::error_code unresolved;
    std::filesystem::path file = std::filesystem::canonical(entry->path(), unresolved);
    if (unresolved || files.size() >= kMaxFiles) continue;
    std::string content = ReadText(file.string());
    std::string_view text = Trim(content);
    if (!text.empty() && !Contains(bundle, text)) files.insert(file.string());
  }
  return {files.begin(), files.end()};
}

}  // namespace

std::vector<FileGrant> CaBundleGrants(std::string_view zone, const Environment& environment,
                                      const std::vector<std::string>& candidates) {
  std::vector<std::string> paths;
  auto value = [&](const char* name) {
    auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  std::string file = value("SSL_CERT_FILE");
  std::string directory = value("SSL_CERT_DIR");
  if (!file.empty()) paths.push_back(file);
  if (!directory.empty()) {
    std::vector<std::string> found = CertificatesIn(directory, file.empty() ? "" : ReadText(file));
    paths.insert(paths.end(), found.begin(), found.end());
  }
  if (file.empty() && directory.empty()) {
    auto exists = [](const std::string& path) {
      struct stat info;
      return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
    };
    auto first = std::find_if(candidates.begin(), candidates.end(), exists);
    if (first != candidates.end()) paths.push_back(*first);
  }
  std::vector<FileGrant> grants;
  for (const std::string& path : paths) {
    std::error_code error;
    std::filesystem::path absolute = std::filesystem::absolute(path, error);
    std::string name = grants.empty() ? "ca_bundle" : Concat("ca_bundle.", grants.size());
    grants.push_back({std::string(zone), name, error ? path : absolute.string(), /*required=*/false});
  }
  return grants;
}

}  // namespace aisix::config
