// aisix-egress-worker: opens connections to the configured destinations for the other zones. It holds no
// secret, and neither reads nor writes a byte of what it opened.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "egress_worker/address_rules.h"
#include "egress_worker/config_receiver.h"
#include "egress_worker/destination_list.h"
#include "egress_worker/dial_service.h"
#include "lib/async/loop.h"
#include "lib/config/zone_config.h"
#include "lib/control/commands.h"
#include "lib/control/control_link.h"
#include "lib/control/inherit.h"
#include "lib/dns/resolver.h"
#include "lib/ipc/config_service.h"
#include "lib/ipc/control_watcher.h"
#include "lib/ipc/departure.h"
#include "lib/ipc/dial_server.h"
#include "lib/ipc/rpc_server.h"
#include "lib/ipc/totals.h"
#include "lib/ipc/zone_service.h"
#include "lib/log/logger.h"
#include "lib/metrics/registry.h"
#include "lib/os/process_stats.h"
#include "lib/sandbox/lock.h"
#include "lib/sandbox/render.h"

namespace aisix::egress {
namespace {

constexpr std::string_view kTarget = "aisix_egress::worker";
// Calls of other zones are short; nobody waits long for them at the end.
constexpr std::chrono::milliseconds kRpcShutdown(500);
constexpr uint16_t kDnsPort = 53;
// A released worker waits so long for its last dials.
constexpr uint64_t kDepartureMs = 10'000;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// Says why the worker cannot run and gives the exit code.
int Fatal(const control::ControlLink& control, std::string_view text) {
  (void)control.SendFatal(text);
  return 1;
}

ConnectOptions ConnectOptionsOf(const config::EgressPart& part) {
  ConnectOptions options;
  options.keep_alive.idle_s = static_cast<int>(part.tcp_keepalive_secs);
  options.keep_alive.interval_s = static_cast<int>(part.tcp_keepalive_interval_secs);
  options.keep_alive.retries = static_cast<int>(part.tcp_keepalive_retries);
  return options;
}

absl::StatusOr<std::vector<net::Network>> ParseNetworks(const std::vector<std::string>& texts) {
  std::vector<net::Network> networks;
  for (const std::string& text : texts) {
    absl::StatusOr<net::Network> network = net::Network::Parse(text);
    if (!network.ok()) return network.status();
    networks.push_back(*network);
  }
  return networks;
}

// The system's resolver files, as far as they could be read: without them the defaults apply.
dns::Settings ResolverSettings(const control::Inherited& inherited, const dns::Machine& machine) {
  const absl::StatusOr<std::string> resolv_conf = inherited.ReadFile("resolv_conf");
  const absl::StatusOr<std::string> hosts = inherited.ReadFile("hosts");
  return dns::ParseSettings(resolv_conf.ok() ? *resolv_conf : "", hosts.ok() ? *hosts : "", machine);
}

// Name servers are asked over TCP as well when an answer is long.
std::vector<uint16_t> ConnectPorts(const control::PortSet& destinations, const dns::Settings& settings) {
  std::set<uint16_t> ports = destinations.ports();
  ports.insert(kDnsPort);
  for (const dns::NameServer& server : settings.resolv_conf.servers) ports.insert(server.address.port);
  return {ports.begin(), ports.end()};
}

int Main() {
  const sandbox::Measure descriptors = sandbox::CloseStrayDescriptors(control::kControlSocket + 1);
  ::signal(SIGPIPE, SIG_IGN);
  control::ControlLink control;
  absl::StatusOr<control::Inherited> inherited = control::Inherit();
  if (!inherited.ok()) return Fatal(control, Text(inherited.status()));
  absl::StatusOr<config::EgressPart> part = config::DecodeEgressPart(inherited->boot);
  if (!part.ok()) return Fatal(control, Text(part.status()));
  auto rust_log = inherited->environment.find("RUST_LOG");
  absl::StatusOr<log::Filter> filter = log::Filter::Choose(
      part->common.log_level, rust_log == inherited->environment.end() ? nullptr : &rust_log->second);
  if (!filter.ok()) return Fatal(control, Text(filter.status()));
  log::Logger logger("egress", *std::move(filter));
  absl::StatusOr<AddressRules> rules = AddressRules::Make(part->deny_cidrs, part->own_endpoints);
  if (!rules.ok()) return Fatal(control, Text(rules.status()));
  absl::StatusOr<std::vector<net::Network>> redis_networks = ParseNetworks(part->redis_networks);
  if (!redis_networks.ok()) return Fatal(control, Text(redis_networks.status()));
  const bool redis_names_ports = !redis_networks->empty();
  absl::StatusOr<control::PortSet> ports = control::AwaitPorts(*inherited);
  if (absl::IsUnavailable(ports.status())) return 1;  // the supervisor is gone
  if (!ports.ok()) return Fatal(control, Text(ports.status()));
  if (redis_names_ports) ports = control::PortSet::Any();

  // While files may still be opened.
  ::tzset();
  (void)absl::LocalTimeZone();
  absl::StatusOr<std::unique_ptr<os::ProcessStats>> stats = os::ProcessStats::Open();
  if (!stats.ok()) return Fatal(control, Text(stats.status()));
  const dns::Machine machine = dns::Machine::Read();
  async::Loop loop;
  const dns::Settings resolver_settings = ResolverSettings(*inherited, machine);
  dns::Resolver resolver(loop, resolver_settings);
  sandbox::LockOptions lock_options;
  lock_options.enforce = part->common.isolation_enforce;
  lock_options.earlier = {descriptors};
  lock_options.any_port = ports->any();
  lock_options.connect_ports = ConnectPorts(*ports, resolver_settings);
  absl::StatusOr<sandbox::Report> isolation = sandbox::Lock(sandbox::kEgressProfile, lock_options);
  if (!isolation.ok()) return Fatal(control, Text(isolation.status()));
  logger.StartWriter();
  sandbox::Log(*isolation, logger);

  metrics::Registry registry;
  DialMetrics metrics(registry);
  DestinationList destinations;
  registry.AddCollector([&destinations](std::vector<metrics::Family>& families) {
    families.push_back(metrics::Single("aisix_egress_destinations", metrics::FamilyType::kGauge, {},
                                       static_cast<double>(destinations.size())));
  });
  registry.AddCollector([&isolation](std::vector<metrics::Family>& families) {
    sandbox::AppendFamilies(*isolation, families);
  });
  DialOptions options;
  options.connect = ConnectOptionsOf(*part);
  options.timeout_ms = part->connect_timeout_ms;
  options.redis_networks = *std::move(redis_networks);
  if (isolation->ports_limited) options.ports = *std::move(ports);
  metrics.Start(registry.AddShard());
  DialService service(loop, destinations, *rules, resolver, options, metrics, logger);
  ipc::DialServer dials(loop, service);
  service.SetServer(&dials);

  // Ready is who knows the destinations: a successor gets the dials of its predecessor at that moment.
  bool ready = false;
  const auto on_configured = [&] {
    service.OnConfigured();
    if (!std::exchange(ready, true)) (void)control.SendReady();
  };
  ConfigReceiver receiver(destinations, logger, [&] { loop.Post(on_configured); });
  ipc::ConfigService config_service(receiver);
  ipc::RpcServer config_server({config_service.service()});
  ipc::ZoneService zone_service("egress", registry, stats->get(),
                                [&isolation](std::string_view subject) -> std::optional<std::string> {
                                  if (subject == "isolation") return sandbox::RenderJson(*isolation);
                                  return std::nullopt;
                                });
  ipc::RpcServer zone_server({zone_service.service()});

  auto take_link = [&](std::string_view name, os::UniqueFd fd) {
    if (name == "dial") {
      dials.AddLink(std::move(fd));
    } else if (name == "config.egress") {
      config_server.Attach(std::move(fd));
    } else if (name == "zone.egress") {
      zone_server.Attach(std::move(fd));
    }
  };
  for (control::Link& link : inherited->links) take_link(link.name, std::move(link.fd));

  bool orderly = false;
  ipc::Departure departure(loop, [&] { return dials.outstanding() == 0; });
  control::Commands commands;
  commands.link = [&](control::Message& message) { take_link(message.name, std::move(message.fd)); };
  commands.reload = [&](bool) {
    resolver.SetSettings(ResolverSettings(*inherited, machine));
    return std::string();
  };
  commands.in_flight = [&] { return dials.outstanding(); };
  commands.release = [&](bool) {
    orderly = true;
    departure.Begin(kDepartureMs);
  };
  commands.stop = [&] {
    orderly = true;
    loop.Stop();
  };
  {
    ipc::ControlWatcher watcher(loop, control, *inherited, commands, [&] { loop.Stop(); });
    logger.Write(log::Level::kInfo, kTarget, "egress worker serving");
    loop.Run();
  }
  if (!orderly) ::_exit(1);  // nobody is left who could want anything to be finished
  // While it still answers: whoever adds up knows this worker's figures at every moment.
  (void)ipc::LeaveTotals(inherited->totals.get(), "egress", registry, **stats);
  (void)control.SendReleased();
  config_server.Shutdown(kRpcShutdown);
  zone_server.Shutdown(kRpcShutdown);
  return 0;
}

}  // namespace
}  // namespace aisix::egress

int main() {
  return aisix::egress::Main();
}
