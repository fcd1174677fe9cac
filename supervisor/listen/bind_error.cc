#include "supervisor/listen/bind_error.h"

#include <fmt/core.h>

#include <cerrno>
#include <fstream>

#include "lib/os/error.h"
#include "supervisor/listen/listener_name.h"

namespace aisix::supervisor {
namespace {

std::string FirstLine(const BindFailure& failure) {
  const std::string error = os::ErrorText(failure.error);
  const std::string& address = failure.spec.address;
  switch (ZoneOfListener(failure.spec.name)) {
    case Zone::kMetrics:
      return fmt::format("metrics listener bind {} failed: {}", address, error);
    case Zone::kAdmin:
      return fmt::format("admin serve error: admin listener bind {} failed: {}", address, error);
    default:
      return fmt::format("proxy serve error: proxy listener bind {} failed: {}", address, error);
  }
}

// "proxy.addr (AISIX_PROXY__ADDR in the environment)"
std::string KeyAndVariable(const std::string& key) {
  if (key.find('[') != std::string::npos) return key;  // elements of lists have no variable
  std::string variable = "AISIX_";
  for (const char c : key) {
    if (c == '.') {
      variable += "__";
    } else {
      variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return fmt::format("{} ({} in the environment)", key, variable);
}

// Why a file capability, which is there, has not helped.
std::string WhyFileCapabilityIsVoid(const BindPrivilege& privilege) {
  if (!privilege.in_file) return {};
  if (!privilege.in_bounding_set) {
    return "The file of this program has the capability, but the bounding set of the service or container "
           "lacks "
           "it: it has to be added there, as follows.\n";
  }
  if (privilege.no_new_privs) {
    return "The file of this program has the capability, but under no_new_privs (NoNewPrivileges=yes, "
           "allowPrivilegeEscalation: false)\nthat counts only when the process that executes aisix holds it "
           "too: "
           "no shell, script or tini may stand in between.\n";
  }
  return {};
}

std::string AdviceForPermission(const BindFailure& failure) {
  const uint16_t port = failure.address.port();
  const std::string key = AddressKey(failure.spec.name);
  if (port >= failure.first_free_port) {
    return fmt::format(
        "No capability is needed for port {}: a security module (SELinux, AppArmor) or the service manager "
        "(SocketBindDeny=) forbids it.\nAllow it there, or choose another port with {}.",
        port, KeyAndVariable(key));
  }
  if (failure.privilege.permitted) {
    return fmt::format(
        "The process has CAP_NET_BIND_SERVICE, and the kernel refuses all the same: in a user namespace "
        "(rootless container) it does not count\nfor the network of the host; or a security module (SELinux, "
        "AppArmor) forbids it. Either way:\n"
        "  host, as root:  sysctl -w net.ipv4.ip_unprivileged_port_start={0}\n"
        "or choose a port of {1} or more with {2}.",
        port, failure.first_free_port, KeyAndVariable(key));
  }
  return fmt::format(
      "Ports below {0} need CAP_NET_BIND_SERVICE, which this process does not have. One of these gives "
      "it:\n{1}"
      "  systemd:     AmbientCapabilities=CAP_NET_BIND_SERVICE in the [Service] section (and in "
      "CapabilityBoundingSet=, if that is set),\n"
      "               or a socket unit with ListenStream={2} and FileDescriptorName={3}\n"
      "  Docker:      --cap-add NET_BIND_SERVICE, or --sysctl net.ipv4.ip_unprivileged_port_start={4}\n"
      "  Kubernetes:  securityContext: {{capabilities: {{add: [NET_BIND_SERVICE]}}}} with aisix itself as "
      "the entry "
      "point, or in the pod\n"
      "               securityContext: {{sysctls: [{{name: net.ipv4.ip_unprivileged_port_start, value: "
      "\"{4}\"}}]}}\n"
      "  elsewhere:   setcap cap_net_bind_service=p {5}\n"
      "or choose a port of {0} or more with {6}.",
      failure.first_free_port, WhyFileCapabilityIsVoid(failure.privilege), failure.spec.address,
      failure.spec.name, port, failure.program, KeyAndVariable(key));
}

std::string AdviceForAddressInUse(const BindFailure& failure) {
  const std::string key = AddressKey(failure.spec.name);
  if (!failure.own_listener.empty()) {
    return fmt::format("{} and {} of this configuration ask for the same port: change one of them.",
                       AddressKey(failure.own_listener), key);
  }
  return fmt::format(
      "Another process has this port. As root this names it:  ss -ltnp 'sport = :{0}'\n"
      "  another aisix or another service:   stop it, or choose another port with {1}\n"
      "  systemd, for a socket unit:         start aisix through that unit (Sockets= of the service names "
      "it), or "
      "stop the unit",
      failure.address.port(), KeyAndVariable(key));
}

std::string AdviceForNoSuchAddress(const BindFailure& failure) {
  const std::string key = AddressKey(failure.spec.name);
  const bool v6 = failure.address.storage.ss_family == AF_INET6;
  return fmt::format(
      "No interface here has this address (a container has its own, not those of its host). Which there are: "
      " "
      "ip -brief address\n"
      "  all interfaces:                       {0}:{1} in {2}\n"
      "  an address that moves between hosts:  sysctl -w net.{3}.ip_nonlocal_bind=1, or a socket unit with "
      "FreeBind=yes",
      v6 ? "[::]" : "0.0.0.0", failure.address.port(), KeyAndVariable(key), v6 ? "ipv6" : "ipv4");
}

std::string Advice(const BindFailure& failure) {
  switch (failure.error) {
    case EACCES:
    case EPERM:
      return AdviceForPermission(failure);
    case EADDRINUSE:
      return AdviceForAddressInUse(failure);
    case EADDRNOTAVAIL:
      return AdviceForNoSuchAddress(failure);
    case EAFNOSUPPORT:
      return fmt::format(
          "IPv6 is switched off here: use an IPv4 address (0.0.0.0:{} for all interfaces) in {}.",
          failure.address.port(), KeyAndVariable(AddressKey(failure.spec.name)));
    default:
      return fmt::format("The address comes from {}.", KeyAndVariable(AddressKey(failure.spec.name)));
  }
}

}  // namespace

std::string DescribeBindFailure(const BindFailure& failure) {
  return fmt::format("{}\n{}", FirstLine(failure), Advice(failure));
}

uint16_t FirstUnprivilegedPort() {
  std::ifstream file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  int port = 0;
  return file >> port && port >= 0 && port <= 65535 ? static_cast<uint16_t>(port) : uint16_t{1024};
}

}  // namespace aisix::supervisor
