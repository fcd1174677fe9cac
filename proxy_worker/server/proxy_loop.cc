#include "proxy_worker/server/proxy_loop.h"

#include <utility>

namespace aisix::proxy {
namespace {

constexpr std::string_view kTarget = "aisix_proxy::server";

http::ClientPoolOptions PoolOptions(const config::UpstreamPart& upstream) {
  http::ClientPoolOptions options;
  options.idle_timeout_ms = upstream.pool_idle_timeout_secs * 1000;
  if (upstream.pool_max_idle_per_host) options.max_idle_per_host = *upstream.pool_max_idle_per_host;
  options.keep_alive.idle_s = static_cast<int>(upstream.tcp_keepalive_secs);
  options.keep_alive.interval_s = static_cast<int>(upstream.tcp_keepalive_interval_secs);
  options.keep_alive.retries = static_cast<int>(upstream.tcp_keepalive_retries);
  return options;
}

}  // namespace

ProxyLoop::ProxyLoop(const ProxyEnvironment& environment, os::UniqueFd dial)
    : environment_(environment),
      dialer_(loop_, std::move(dial)),
      upstream_(loop_, dialer_, PoolOptions(environment.config.upstream)),
      snapshots_(environment.reclaimer),
      shard_(environment.registry.AddShard()),
      swap_times_(shard_.Get(environment.families.snapshot_swap, {})),
      recorder_(environment.families, shard_, environment.logger, environment.client_types,
                environment.config),
      context_{loop_,     upstream_,          snapshots_,          environment.config, environment.real_ip,
               recorder_, environment.logger, environment.process, chat_scratch_},
      handler_(context_, environment.handlers) {}

ProxyLoop::~ProxyLoop() {
  Stop();
}

void ProxyLoop::AddListener(const config::ListenerSpec& listener, os::UniqueFd socket) {
  http::ServerOptions options;
  options.idle_timeout_ms = environment_.config.downstream_idle_timeout_secs * 1000;
  options.server_header = "AISIX/" + environment_.config.common.version;
  Served served;
  served.listener = listener;
  served.socket = std::move(socket);
  served.server = std::make_unique<http::Server>(loop_, handler_, std::move(options));
  served_.push_back(std::move(served));
}

void ProxyLoop::Start(const ListenerSecurity& security) {
  SetSecurity(security);
  thread_ = std::thread([this] { loop_.Run(); });
}

void ProxyLoop::Stop() {
  if (!thread_.joinable()) return;
  loop_.Stop();
  thread_.join();
  served_.clear();
}

void ProxyLoop::Accept() {
  loop_.Post([this] {
    for (Served& served : served_) {
      const absl::Status listening = served.server->Listen(std::move(served.socket), served.listener.tls);
      if (listening.ok()) continue;
      const std::string reason(listening.message());
      environment_.logger.Write(
          log::Level::kError, kTarget, "a listener cannot be served",
          {{"listener", std::string_view(served.listener.name)}, {"error", std::string_view(reason)}});
    }
  });
}

void ProxyLoop::SetSecurity(const ListenerSecurity& security) {
  loop_.Post([this, security] {
    for (Served& served : served_) {
      const auto it = security.find(served.listener.name);
      if (it != security.end()) served.server->SetSecurity(it->second);
    }
  });
}

void ProxyLoop::ReplaceDial(os::UniqueFd link) {
  loop_.Post([this, link = std::move(link)]() mutable { dialer_.Replace(std::move(link)); });
}

void ProxyLoop::Drain() {
  loop_.Post([this] {
    for (Served& served : served_) served.server->SetClosing();
  });
}

void ProxyLoop::Release(bool at_once) {
  loop_.Post([this, at_once] {
    for (Served& served : served_) {
      if (at_once) {
        served.server->StopAccepting();
      } else {
        served.server->StopListening();
      }
    }
    accepting_.store(false, std::memory_order_release);
  });
}

size_t ProxyLoop::in_flight() const {
  size_t sum = 0;
  for (const Served& served : served_) sum += served.server->in_flight();
  return sum;
}

size_t ProxyLoop::connections() const {
  size_t sum = 0;
  for (const Served& served : served_) sum += served.server->connections();
  return sum;
}

}  // namespace aisix::proxy
