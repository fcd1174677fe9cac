#include "proxy_worker/server/proxy_worker.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/ipc/totals.h"
#include "lib/os/error.h"
#include "lib/os/wipe_stack.h"
#include "lib/sandbox/render.h"
#include "proxy_worker/pipeline/chat.h"
#include "proxy_worker/providers/planner.h"
#include "proxy_worker/providers/upstream_security.h"
#include "proxy_worker/server/listener_security.h"
#include "proxy_worker/server/upstream_tls.h"
#include "proxy_worker/server/zone_status.h"

namespace aisix::proxy {
namespace {

constexpr std::string_view kTarget = "aisix_proxy::worker";
constexpr std::chrono::milliseconds kRpcGoodbye{200};
constexpr int kReleasePollMs = 20;
// A replaced worker keeps connections that are between requests for so long: whoever uses them more often
// moves to the successor without a broken connection.
constexpr std::chrono::seconds kIdleGrace{30};

}  // namespace

ProxyWorker::ProxyWorker(config::ProxyPart config, control::Inherited inherited, control::ControlLink& link,
                         log::Logger& logger)
    : config_(std::move(config)), inherited_(std::move(inherited)), link_(link), logger_(logger) {}

ProxyWorker::~ProxyWorker() {
  EndThreads();
}

void ProxyWorker::EndThreads() {
  publisher_.Cancel();
  for (std::unique_ptr<ipc::RpcServer>* server : {&config_server_, &health_server_, &zone_server_}) {
    if (*server != nullptr) (*server)->Shutdown(kRpcGoodbye);
  }
  for (std::unique_ptr<ProxyLoop>& loop : loops_) loop->Stop();
}

absl::Status ProxyWorker::Prepare() {
  absl::StatusOr<std::unique_ptr<os::ProcessStats>> stats = os::ProcessStats::Open();
  if (!stats.ok()) return stats.status();
  stats_ = *std::move(stats);

  absl::StatusOr<ClientTypeRules> client_types = ClientTypeRules::Compile(config_.client_type_rules);
  if (!client_types.ok()) return client_types.status();
  client_types_ = *std::move(client_types);
  absl::StatusOr<RealIpRules> real_ip =
      RealIpRules::Make(config_.trusted_proxies, config_.real_ip_header, config_.real_ip_recursive);
  if (!real_ip.ok()) return real_ip.status();
  real_ip_ = *std::move(real_ip);
  absl::StatusOr<ListenerSecurity> security = LoadListenerSecurity(config_.listeners, inherited_);
  if (!security.ok()) return security.status();
  security_ = *std::move(security);
  absl::StatusOr<ProviderPlanner> planner = MakePlanner();
  if (!planner.ok()) return planner.status();

  families_.emplace(registry_, config_.buckets);
  EndpointHandlers handlers;
  handlers.chat_completions = &HandleChat;
  environment_.emplace(ProxyEnvironment{config_, logger_, process_, reclaimer_, registry_, *families_,
                                        client_types_, real_ip_, handlers});
  for (uint32_t i = 0; i < config_.workers; ++i) {
    loops_.push_back(std::make_unique<ProxyLoop>(*environment_, inherited_.TakeLink("dial", i)));
    publisher_.AddLoop(loops_[i]->loop(), loops_[i]->snapshots(), &loops_[i]->swap_times());
  }
  for (const config::ListenerSpec& listener : config_.listeners) {
    const absl::Status distributed = Distribute(listener);
    if (!distributed.ok()) return distributed;
  }
  intake_ = std::make_unique<ConfigIntake>(*std::move(planner), publisher_, logger_, [this] { OnApplied(); });
  return absl::OkStatus();
}

absl::Status ProxyWorker::Distribute(const config::ListenerSpec& listener) {
  std::vector<os::UniqueFd> sockets = inherited_.TakeListeners(listener.name);
  if (sockets.empty()) return absl::InternalError("no socket was inherited for listener " + listener.name);
  for (size_t i = 0; i < loops_.size(); ++i) {
    // One socket per loop, or one that all share (proxy.thread_per_core: false).
    os::UniqueFd socket(::fcntl(sockets[i % sockets.size()].get(), F_DUPFD_CLOEXEC, 0));
    if (!socket.valid()) return os::ErrorStatus(errno, "listener " + listener.name);
    loops_[i]->AddListener(listener, std::move(socket));
  }
  return absl::OkStatus();
}

absl::StatusOr<ProviderPlanner> ProxyWorker::MakePlanner() {
  absl::StatusOr<tls::ClientOptions> options = LoadUpstreamTls(config_.upstream.tls, inherited_, logger_);
  if (!options.ok()) return options.status();
  absl::StatusOr<std::unique_ptr<UpstreamSecurityCache>> made =
      UpstreamSecurityCache::Make(*std::move(options), logger_);
  if (!made.ok())
    return absl::Status(made.status().code(), "upstream.tls: " + std::string(made.status().message()));
  std::shared_ptr<UpstreamSecurityCache> cache = *std::move(made);
  OutboundProxies proxies(config_.outbound_proxies, cache->For("", nullptr));
  return MakeProviderPlanner(
      [cache](std::string_view provider_key_id, const model::UpstreamTls* block) {
        return cache->For(provider_key_id, block);
      },
      std::move(proxies));
}

void ProxyWorker::Start(sandbox::Report isolation) {
  isolation_ = std::move(isolation);
  sandbox::Log(isolation_, logger_);
  registry_.AddCollector(
      [this](std::vector<metrics::Family>& families) { sandbox::AppendFamilies(isolation_, families); });
  reclaimer_.Start();
  for (std::unique_ptr<ProxyLoop>& loop : loops_) loop->Start(security_);

  config_service_ = std::make_unique<ipc::ConfigService>(*intake_);
  zone_service_ = std::make_unique<ipc::ZoneService>(
      "proxy", registry_, stats_.get(), [this](std::string_view subject) { return Status(subject); });
  config_server_ = std::make_unique<ipc::RpcServer>(std::vector<grpc::Service*>{config_service_->service()});
  health_server_ = std::make_unique<ipc::RpcServer>(std::vector<grpc::Service*>{zone_service_->service()});
  zone_server_ = std::make_unique<ipc::RpcServer>(std::vector<grpc::Service*>{zone_service_->service()});
  for (control::Link& link : inherited_.links) AttachLink(link.name, link.index, std::move(link.fd));
}

void ProxyWorker::AttachLink(std::string_view name, uint64_t index, os::UniqueFd fd) {
  if (!fd.valid()) return;  // taken in Prepare
  if (name == "config.proxy") {
    config_server_->Attach(std::move(fd));
  } else if (name == "health.proxy") {
    health_server_->Attach(std::move(fd));
  } else if (name == "zone.proxy") {
    zone_server_->Attach(std::move(fd));
  } else if (name == "dial" && index < loops_.size()) {
    loops_[index]->ReplaceDial(std::move(fd));
  } else {
    logger_.Write(log::Level::kWarn, kTarget, "a link of an unknown name was offered", {{"link", name}});
  }
}

void ProxyWorker::OnApplied() {
  std::call_once(first_applied_, [this] {
    for (std::unique_ptr<ProxyLoop>& loop : loops_) loop->Accept();
    (void)link_.SendReady();  // a supervisor that is gone is noticed by Serve
  });
}

absl::Status ProxyWorker::Serve() {
  while (!stopped_ && !(released_ && Idle())) {
    pollfd watched{link_.fd(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, released_ ? kReleasePollMs : -1);
    if (ready < 0 && errno != EINTR) return os::ErrorStatus(errno, "poll");
    if (idle_limit_ && std::chrono::steady_clock::now() >= *idle_limit_) {
      idle_limit_.reset();
      for (std::unique_ptr<ProxyLoop>& loop : loops_) loop->Release(/*at_once=*/true);
    }
    if (ready <= 0) continue;
    if (absl::Status status = ObeyPending(); !status.ok()) return status;
  }
  // Nothing is counted any more. While it still answers: whoever adds up knows this worker's figures at every
  // moment.
  absl::Status left = ipc::LeaveTotals(inherited_.totals.get(), "proxy", registry_, *stats_);
  if (left.ok()) left = link_.SendReleased();
  EndThreads();
  return left;
}

absl::Status ProxyWorker::ObeyPending() {
  while (true) {
    absl::StatusOr<std::optional<control::Message>> message = link_.Receive();
    if (absl::IsUnavailable(message.status())) return message.status();
    if (!message.ok()) continue;  // it lost its descriptor, or is of a newer build: not for this worker
    if (!message->has_value()) return absl::OkStatus();
    control::Obey(**message, link_, inherited_, commands_);
  }
}

control::Commands ProxyWorker::MakeCommands() {
  control::Commands commands;
  commands.link = [this](control::Message& message) {
    AttachLink(message.name, message.number, std::move(message.fd));
  };
  commands.reload = [this](bool) { return Reload(); };
  commands.drain = [this] {
    process_.draining.store(true, std::memory_order_relaxed);
    for (std::unique_ptr<ProxyLoop>& loop : loops_) loop->Drain();
  };
  commands.in_flight = [this] { return InFlight(); };
  commands.release = [this](bool replaced) {
    released_ = true;
    if (replaced) idle_limit_ = std::chrono::steady_clock::now() + kIdleGrace;
    for (std::unique_ptr<ProxyLoop>& loop : loops_) loop->Release(/*at_once=*/!replaced);
  };
  commands.stop = [this] { stopped_ = true; };
  return commands;
}

std::string ProxyWorker::Reload() {
  std::string refused;
  absl::StatusOr<ListenerSecurity> security = LoadListenerSecurity(config_.listeners, inherited_);
  if (security.ok()) {
    for (std::unique_ptr<ProxyLoop>& loop : loops_) loop->SetSecurity(*security);
    security_ = *std::move(security);  // the old keys go with the old one
    if (!security_.empty())
      logger_.Write(log::Level::kInfo, kTarget, "listener certificates were read again");
  } else {
    refused = std::string(security.status().message());
    logger_.Write(log::Level::kWarn, kTarget, "new listener certificates are not usable; the old ones stay",
                  {{"error", std::string_view(refused)}});
  }
  absl::StatusOr<ProviderPlanner> planner = MakePlanner();
  if (planner.ok()) {
    intake_->Replan(*std::move(planner));
    os::WipeStack();
  } else {
    refused = std::string(planner.status().message());
    logger_.Write(log::Level::kWarn, kTarget, "new upstream TLS files are not usable; the old ones stay",
                  {{"error", std::string_view(refused)}});
  }
  return refused;
}

std::optional<std::string> ProxyWorker::Status(std::string_view subject) const {
  if (subject == "health") return RenderHealth(*intake_->current());
  if (subject == "isolation") return sandbox::RenderJson(isolation_);
  if (subject != "zone") return std::nullopt;
  ZoneFigures figures;
  figures.loops = loops_.size();
  figures.connections = Connections();
  figures.in_flight = InFlight();
  figures.dropped_log_lines = logger_.dropped();
  figures.draining = process_.draining.load(std::memory_order_relaxed);
  return RenderZone(*intake_->current(), figures);
}

uint64_t ProxyWorker::InFlight() const {
  uint64_t sum = 0;
  for (const std::unique_ptr<ProxyLoop>& loop : loops_) sum += loop->in_flight();
  return sum;
}

bool ProxyWorker::Idle() const {
  return std::all_of(loops_.begin(), loops_.end(), [](const std::unique_ptr<ProxyLoop>& loop) {
    return !loop->accepting() && loop->connections() == 0;
  });
}

uint64_t ProxyWorker::Connections() const {
  uint64_t sum = 0;
  for (const std::unique_ptr<ProxyLoop>& loop : loops_) sum += loop->connections();
  return sum;
}

}  // namespace aisix::proxy
