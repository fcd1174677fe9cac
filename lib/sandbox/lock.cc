#include "lib/sandbox/lock.h"

#include <fmt/format.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "lib/os/error.h"
#include "lib/sandbox/attempts.h"
#include "lib/sandbox/kernel_view.h"
#include "lib/sandbox/mechanism/landlock.h"
#include "lib/sandbox/mechanism/privileges.h"
#include "lib/sandbox/mechanism/system_calls.h"

namespace aisix::sandbox {
namespace {

// What an operator can do about a mechanism that is absent.
std::string_view Remedy(std::string_view mechanism) {
  if (mechanism == kLandlock) {
    return "use Linux 5.13 or newer with Landlock enabled (`lsm=landlock,…` on the kernel command line); in "
           "a "
           "container, a seccomp profile of the runtime that allows landlock_create_ruleset, "
           "landlock_add_rule and landlock_restrict_self";
  }
  if (mechanism == kSeccomp) {
    return "use a kernel with CONFIG_SECCOMP_FILTER; in a container, a seccomp profile of the runtime that "
           "allows seccomp";
  }
  if (mechanism == kDescriptors) {
    return "use Linux 5.9 or newer; in a container, a seccomp profile of the runtime that allows close_range";
  }
  return "see what the container runtime or the service manager forbids";
}

absl::Status Unlocked(std::string_view zone, const Measure& measure) {
  return absl::FailedPreconditionError(fmt::format(
      "isolation: the {} zone cannot be locked: {} is absent ({}); {}. `isolation: best_effort` starts with "
      "what the kernel has",
      zone, measure.mechanism, measure.reason, Remedy(measure.mechanism)));
}

// What the row means once it is known which ports and which directory there are.
Profile Narrowed(Profile profile, const LockOptions& options) {
  if (profile.network == Network::kDialPorts) {
    if (options.any_port) {
      profile.network = Network::kDial;
    } else if (options.connect_ports.empty()) {
      profile.network = Network::kGiven;
    }
  }
  if (options.state_directory.empty()) profile.files = Files::kNone;
  return profile;
}

// Whether the kernel agrees with what was reported.
absl::Status Compare(const Report& report) {
  const auto line = [&report](std::string_view name) -> std::string_view {
    for (const auto& [found, value] : report.kernel) {
      if (found == name) return value;
    }
    return {};
  };
  const auto stands = [&report](std::string_view mechanism) {
    return std::any_of(report.measures.begin(), report.measures.end(), [mechanism](const Measure& measure) {
      return measure.mechanism == mechanism && measure.state == State::kFull;
    });
  };
  const auto empty = [&line](std::string_view set) {
    return line(set).find_first_not_of('0') == std::string_view::npos;
  };
  if (report.kernel.empty()) return absl::OkStatus();  // no /proc here
  const bool agree =
      (!stands(kSeccomp) || line("Seccomp") == "2") &&
      (!stands(kNoNewPrivileges) || line("NoNewPrivs") == "1") &&
      (!stands(kBoundingSet) || empty("CapBnd")) &&
      (!stands(kCapabilities) || (empty("CapInh") && empty("CapPrm") && empty("CapEff") && empty("CapAmb")));
  if (agree) return absl::OkStatus();
  return absl::InternalError(fmt::format(
      "isolation: the {} zone is not what was set: /proc/self/status says otherwise", report.zone));
}

}  // namespace

Measure CloseStrayDescriptors(int first) {
  if (::close_range(static_cast<unsigned>(first), ~0U, 0) != 0) {
    return {std::string(kDescriptors), State::kAbsent, os::ErrorText(errno)};
  }
  return {std::string(kDescriptors), State::kFull, "none is open but those that were granted"};
}

absl::StatusOr<Report> Lock(const Profile& profile, const LockOptions& options) {
  const Profile narrowed = Narrowed(profile, options);
  const pid_t supervisor = ::getppid();
  const KernelView kernel;
  Report report;
  report.zone = profile.zone;
  report.enforced = options.enforce;
  report.measures = options.earlier;

  report.measures.push_back(ForbidCoreDumps());
  report.measures.push_back(ForbidNewPrivileges());
  report.measures.push_back(EmptyBoundingSet());
  report.measures.push_back(EmptyCapabilitySets());
  absl::StatusOr<Measure> landlock = RestrictWithLandlock(
      {narrowed, options.connect_ports, options.state_directory, options.landlock_abi_limit});
  if (!landlock.ok()) return landlock.status();
  report.ports_limited = narrowed.network == Network::kDialPorts && landlock->state != State::kAbsent &&
                         LandlockLimitsPorts(options.landlock_abi_limit);
  report.measures.push_back(*std::move(landlock));
  // Last: it forbids the calls that the others are made of.
  report.measures.push_back(RestrictSystemCalls(narrowed));

  for (const Measure& measure : report.measures) {
    if (options.enforce && measure.state == State::kAbsent) return Unlocked(profile.zone, measure);
  }
  report.kernel = kernel.Read();
  if (absl::Status status = Compare(report); !status.ok()) return status;
  report.attempts = TryForbidden(narrowed, supervisor);
  return report;
}

}  // namespace aisix::sandbox
