// aisix-proxy-worker: the data plane (DESIGN §1, §3). Started by the supervisor only.
#include <openssl/rand.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lib/config/zone_config.h"
#include "lib/control/control_link.h"
#include "lib/control/inherit.h"
#include "lib/log/logger.h"
#include "lib/sandbox/lock.h"
#include "proxy_worker/server/proxy_worker.h"

namespace aisix::proxy {
namespace {

constexpr int kFatalExit = 1;

// Signals that a terminal or a service manager sends to the whole group: the supervisor decides what they
// mean.
void IgnoreSignals() {
  for (int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_IGN);
}

// What opens files or devices at its first use does so before the sandbox.
void WarmUp() {
  ::tzset();
  (void)absl::LocalTimeZone();
  uint8_t byte = 0;
  RAND_bytes(&byte, 1);
}

int Fatal(const control::ControlLink& link, const absl::Status& status) {
  const std::string text(status.message());
  (void)link.SendFatal(text);
  return kFatalExit;
}

int Main() {
  const sandbox::Measure descriptors = sandbox::CloseStrayDescriptors(control::kControlSocket + 1);
  IgnoreSignals();
  absl::StatusOr<control::Inherited> inherited = control::Inherit();
  if (!inherited.ok()) return kFatalExit;  // nobody is there to be told
  control::ControlLink link;
  absl::StatusOr<config::ProxyPart> config = config::DecodeProxyPart(inherited->boot);
  if (!config.ok()) return Fatal(link, config.status());
  const auto rust_log = inherited->environment.find("RUST_LOG");
  absl::StatusOr<log::Filter> filter = log::Filter::Choose(
      config->common.log_level, rust_log == inherited->environment.end() ? nullptr : &rust_log->second);
  if (!filter.ok()) return Fatal(link, filter.status());
  log::Logger logger("proxy", *std::move(filter));

  WarmUp();
  sandbox::LockOptions lock_options;
  lock_options.enforce = config->common.isolation_enforce;
  lock_options.earlier = {descriptors};
  ProxyWorker worker(*std::move(config), *std::move(inherited), link, logger);
  const absl::Status prepared = worker.Prepare();
  if (!prepared.ok()) return Fatal(link, prepared);
  absl::StatusOr<sandbox::Report> isolation = sandbox::Lock(sandbox::kProxyProfile, lock_options);
  if (!isolation.ok()) return Fatal(link, isolation.status());

  logger.StartWriter();
  worker.Start(*std::move(isolation));
  const absl::Status served = worker.Serve();
  // Without a supervisor there is nothing to hand over and nobody to wait for.
  if (!served.ok()) ::_exit(kFatalExit);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace aisix::proxy

int main() {
  return aisix::proxy::Main();
}
