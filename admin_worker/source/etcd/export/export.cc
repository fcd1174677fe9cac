#include "admin_worker/source/etcd/export/export.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <thread>

#include "admin_worker/source/etcd/client/client.h"
#include "admin_worker/source/etcd/client/resolving_dialer.h"
#include "admin_worker/source/etcd/export/resources_text.h"
#include "lib/os/error.h"
#include "lib/os/memory_file.h"
#include "lib/os/unique_fd.h"

namespace aisix::admin::etcd {
namespace {

constexpr int kAttempts = 3;  // spec 02 §8
constexpr std::chrono::seconds kPause(1);
constexpr int64_t kPageLimit = 2000;

struct Options {
  std::vector<std::string> endpoints;
  std::string prefix = "/aisix";
  std::string output;
  bool reveal_secrets = false;
};

std::string Text(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

int Fail(std::string_view text) {
  fmt::print(stderr, "Error: {}\n", text);
  return 1;
}

void AppendList(std::vector<std::string>& list, std::string_view text) {
  while (true) {
    const size_t comma = text.find(',');
    list.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

// nullopt: something is missing or unknown.
std::optional<Options> Parse(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--reveal-secrets") {
      options.reveal_secrets = true;
      continue;
    }
    if (i + 1 == arguments.size()) return std::nullopt;
    const std::string& value = arguments[++i];
    if (arguments[i - 1] == "--etcd") {
      AppendList(options.endpoints, value);
    } else if (arguments[i - 1] == "--prefix") {
      options.prefix = value;
    } else if (arguments[i - 1] == "--output") {
      options.output = value;
    } else {
      return std::nullopt;
    }
  }
  if (options.endpoints.empty()) return std::nullopt;
  return options;
}

std::string ReadPath(const char* path) {
  const os::UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return {};
  return os::ReadAll(fd.get()).value_or(std::string());
}

absl::StatusOr<std::vector<KeyValue>> ReadAll(Client& client, const std::string& prefix) {
  std::vector<KeyValue> entries;
  PageRequest request{PrefixRange(prefix), 0, kPageLimit};
  while (true) {
    absl::StatusOr<Page> page = client.Range(request);
    if (!page.ok()) return page.status();
    const bool more = page->more && !page->entries.empty();
    for (KeyValue& entry : page->entries) entries.push_back(std::move(entry));
    if (!more) return entries;
    request.revision = page->revision;
    request.range.begin = entries.back().key + '\0';
  }
}

absl::StatusOr<std::vector<KeyValue>> Fetch(const Options& options, const std::string& prefix) {
  absl::StatusOr<std::vector<Endpoint>> endpoints = ParseEndpoints(options.endpoints, false);
  if (!endpoints.ok()) return endpoints.status();
  const dns::Settings resolver =
      dns::ParseSettings(ReadPath("/etc/resolv.conf"), ReadPath("/etc/hosts"), dns::Machine::Read());
  Connector connector([&](async::Loop& loop) { return std::make_unique<ResolvingDialer>(loop, resolver); });
  connector.Start();
  ClientOptions client_options;
  client_options.endpoints = *std::move(endpoints);
  client_options.prefix = prefix;
  Client client(std::move(client_options), connector);
  absl::StatusOr<std::vector<KeyValue>> entries;
  for (int attempt = 1;; ++attempt) {
    entries = ReadAll(client, prefix);
    if (entries.ok() || attempt == kAttempts) return entries;
    fmt::print(stderr, "etcd cannot be read (attempt {} of {}): {}\n", attempt, kAttempts,
               Text(entries.status()));
    std::this_thread::sleep_for(kPause);
  }
}

absl::Status WriteFile(const std::string& path, std::string_view text) {
  const os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return os::ErrorStatus(errno, path);
  // Also when the file was there already.
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) && ::fchmod(fd.get(), 0600) != 0)
    return os::ErrorStatus(errno, path);
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::ErrorStatus(errno, path);
    text.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

// What the operator has to know; the exit code.
int Report(const ExportedText& exported, std::string_view target) {
  fmt::print(stderr, "Exported {} resource(s) to {}\n", exported.resources, target);
  for (const auto& [key, refused] : exported.rejected)
    fmt::print(stderr, "rejected: {}: {}: {}\n", key, refused.error_kind, refused.error);
  for (const std::string& warning : exported.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const std::string& issue : exported.issues) fmt::print(stderr, "issue: {}\n", issue);
  if (!exported.variables.empty()) {
    fmt::print(stderr, "Set these environment variables before the file is loaded:\n");
    for (const auto& [name, value] : exported.variables) fmt::print(stderr, "  {}\n", name);
  }
  int code = 0;
  if (!exported.issues.empty())
    code =
        Fail(fmt::format("export completed with {} blocking issue(s); the resources file will not load as-is",
                         exported.issues.size()));
  if (!exported.rejected.empty())
    code = Fail(
        fmt::format("export omitted {} rejected entr{}; the resources file is incomplete. Mend or delete "
                    "them in etcd, then export again",
                    exported.rejected.size(), exported.rejected.size() == 1 ? "y" : "ies"));
  return code;
}

}  // namespace

int Export(const std::vector<std::string>& arguments) {
  const std::optional<Options> options = Parse(arguments);
  if (!options) {
    fmt::print(
        stderr,
        "usage: aisix-admin-worker export --etcd <url>[,<url>...] [--prefix <prefix>] [--reveal-secrets] "
        "[--output <file>]\n");
    return 2;
  }
  const KeySpace keys(options->prefix, "");
  const absl::StatusOr<std::vector<KeyValue>> entries = Fetch(*options, keys.raw_prefix());
  if (!entries.ok())
    return Fail(fmt::format("etcd connect failed: etcd connection failed: {}", Text(entries.status())));
  const SchemaCatalog schemas;
  const ExportedText exported = WriteResources(keys, schemas, *entries, options->reveal_secrets);
  if (options->output.empty()) {
    if (std::fwrite(exported.yaml.data(), 1, exported.yaml.size(), stdout) != exported.yaml.size() ||
        std::fflush(stdout) != 0)
      return Fail(fmt::format("cannot write: {}", os::ErrorText(errno)));
  } else if (const absl::Status written = WriteFile(options->output, exported.yaml); !written.ok()) {
    return Fail(Text(written));
  }
  return Report(exported, options->output.empty() ? "stdout" : std::string_view(options->output));
}

}  // namespace aisix::admin::etcd
