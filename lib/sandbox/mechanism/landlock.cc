#include "lib/sandbox/mechanism/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/os/error.h"
#include "lib/os/unique_fd.h"

namespace aisix::sandbox {
namespace {

// The kernel's interface (linux/landlock.h), written here because Debian 12's header ends before ABI 4.
constexpr uint32_t kQueryVersion = 1U << 0;
constexpr int kRulePathBeneath = 1;
constexpr int kRuleNetPort = 2;

constexpr uint64_t kFileWrite = 1ULL << 1;
constexpr uint64_t kFileRead = 1ULL << 2;
constexpr uint64_t kDirectoryRead = 1ULL << 3;
constexpr uint64_t kRemoveFile = 1ULL << 5;
constexpr uint64_t kMakeFile = 1ULL << 8;
constexpr uint64_t kFilesOfAbi1 = (1ULL << 13) - 1;
constexpr uint64_t kLinkOrRename = 1ULL << 13;  // ABI 2: to another directory
constexpr uint64_t kTruncate = 1ULL << 14;      // ABI 3
constexpr uint64_t kDeviceIoctl = 1ULL << 15;   // ABI 5
constexpr uint64_t kBindTcp = 1ULL << 0;        // ABI 4
constexpr uint64_t kConnectTcp = 1ULL << 1;     // ABI 4
constexpr uint64_t kScopeAbstract = 1ULL << 0;  // ABI 6
constexpr uint64_t kScopeSignal = 1ULL << 1;    // ABI 6

constexpr size_t kNamedPorts = 20;

constexpr int kAbiLinkOrRename = 2;
constexpr int kAbiTruncate = 3;
constexpr int kAbiNetwork = 4;
constexpr int kAbiIoctl = 5;
constexpr int kAbiScope = 6;

struct RulesetAttributes {
  uint64_t files;
  uint64_t network;  // ABI 4
  uint64_t scopes;   // ABI 6
};

struct __attribute__((packed)) PathRule {
  uint64_t allowed;
  int32_t directory;
};

struct PortRule {
  uint64_t allowed;
  uint64_t port;
};

// A kernel refuses attributes that it does not know.
constexpr size_t AttributesSize(int abi) {
  if (abi >= kAbiScope) return sizeof(RulesetAttributes);
  return abi >= kAbiNetwork ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

RulesetAttributes Forbidden(int abi, Network network) {
  RulesetAttributes attributes{kFilesOfAbi1, 0, 0};
  if (abi >= kAbiLinkOrRename) attributes.files |= kLinkOrRename;
  if (abi >= kAbiTruncate) attributes.files |= kTruncate;
  if (abi >= kAbiIoctl) attributes.files |= kDeviceIoctl;
  if (abi >= kAbiNetwork) {
    attributes.network = kBindTcp;
    if (network != Network::kDial) attributes.network |= kConnectTcp;
  }
  if (abi >= kAbiScope) attributes.scopes = kScopeAbstract | kScopeSignal;
  return attributes;
}

long KernelAbi() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kQueryVersion);
}

bool AddRule(int ruleset, int type, const void* rule) {
  return ::syscall(SYS_landlock_add_rule, ruleset, type, rule, 0) == 0;
}

Measure Absent(std::string reason) {
  return {std::string(kLandlock), State::kAbsent, std::move(reason)};
}

std::string WhyMissing(int error_number) {
  if (error_number == EOPNOTSUPP) return "built into the kernel, but not enabled at boot";
  if (error_number == ENOSYS) return "the kernel does not have it, or a container runtime hides it";
  return os::ErrorText(error_number);
}

// What of the ports an operator wants to see.
std::string Ports(const LandlockRules& rules) {
  if (rules.profile.network == Network::kDial) return "; TCP to any port";
  if (rules.profile.network != Network::kDialPorts) return "";
  if (rules.connect_ports.size() > kNamedPorts) {
    return fmt::format("; TCP to {} ports", rules.connect_ports.size());
  }
  return fmt::format("; TCP to {}", fmt::join(rules.connect_ports, ", "));
}

Measure Present(int abi, const LandlockRules& rules) {
  const Network network = rules.profile.network;
  const std::string version = fmt::format("ABI {}", abi);
  if (abi >= kAbiScope) return {std::string(kLandlock), State::kFull, version + Ports(rules)};
  std::string missing;
  const auto add = [&](bool lacks, std::string_view what) {
    if (!lacks) return;
    if (!missing.empty()) missing += ", ";
    missing += what;
  };
  add(abi < kAbiTruncate, "truncation");
  add(abi < kAbiNetwork, "TCP ports");
  add(abi < kAbiIoctl, "device ioctl");
  add(true, "signals, abstract sockets");
  std::string reason = fmt::format("{} has no rules for {}; seccomp forbids them", version, missing);
  // Only a rule could tell the ports apart.
  if (abi < kAbiNetwork && network == Network::kDialPorts) reason += ", but for TCP to other ports";
  if (abi >= kAbiNetwork) reason += Ports(rules);
  return {std::string(kLandlock), State::kPartial, std::move(reason)};
}

}  // namespace

absl::StatusOr<Measure> RestrictWithLandlock(const LandlockRules& rules) {
  if (rules.abi_limit < 1) return Absent("not used");
  const long kernel_abi = KernelAbi();
  if (kernel_abi < 1) return Absent(WhyMissing(errno));
  const int abi = static_cast<int>(std::min<long>(kernel_abi, rules.abi_limit));

  const RulesetAttributes forbidden = Forbidden(abi, rules.profile.network);
  const os::UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &forbidden, AttributesSize(abi), 0)));
  if (!ruleset.valid()) return Absent(WhyMissing(errno));

  if (rules.profile.files == Files::kStateDirectory) {
    const os::UniqueFd directory(::open(rules.state_directory.c_str(), O_PATH | O_CLOEXEC | O_DIRECTORY));
    if (!directory.valid()) return os::ErrorStatus(errno, rules.state_directory);
    const uint64_t keep_files = kFileRead | kDirectoryRead | kFileWrite | kMakeFile | kRemoveFile | kTruncate;
    const PathRule rule{keep_files & forbidden.files, directory.get()};
    if (!AddRule(ruleset.get(), kRulePathBeneath, &rule)) return Absent(os::ErrorText(errno));
  }
  if (rules.profile.network == Network::kDialPorts && abi >= kAbiNetwork) {
    for (const uint16_t port : rules.connect_ports) {
      const PortRule rule{kConnectTcp, port};
      if (!AddRule(ruleset.get(), kRuleNetPort, &rule)) return Absent(os::ErrorText(errno));
    }
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return Absent(WhyMissing(errno));
  return Present(abi, rules);
}

bool LandlockLimitsPorts(int abi_limit) {
  return std::min<long>(KernelAbi(), abi_limit) >= kAbiNetwork;
}

}  // namespace aisix::sandbox
