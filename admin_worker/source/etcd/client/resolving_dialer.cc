#include "admin_worker/source/etcd/client/resolving_dialer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "lib/async/event.h"
#include "lib/async/timer.h"
#include "lib/url/url.h"

namespace aisix::admin::etcd {
namespace {

// An address that does not answer leaves time for the others.
constexpr uint64_t kShareMs = 1500;

}  // namespace

// What a look-up came to; shared with the resolver, which may answer after nobody waits any more.
class ResolvingDialer::Lookup {
 public:
  void Take(const dns::Result& result) {
    if (result_) return;
    result_ = result;
    done_.Set();
  }
  async::Event& done() { return done_; }
  const dns::Result& result() const { return *result_; }

 private:
  async::Event done_;
  std::optional<dns::Result> result_;
};

ResolvingDialer::ResolvingDialer(async::Loop& loop, dns::Settings settings)
    : loop_(loop), resolver_(loop, std::move(settings)), direct_(loop) {}

async::Task<absl::StatusOr<os::UniqueFd>> ResolvingDialer::Dial(std::string host, uint16_t port,
                                                                uint64_t timeout_ms) {
  if (url::IsAddress(host)) co_return co_await direct_.Dial(host, port, timeout_ms);
  const uint64_t end = timeout_ms == 0 ? UINT64_MAX : loop_.NowMs() + timeout_ms;
  auto lookup = std::make_shared<Lookup>();
  async::Timer timer;
  if (timeout_ms > 0)
    timer.Start(
        loop_, timeout_ms,
        [](void* argument) {
          static_cast<Lookup*>(argument)->Take(
              absl::DeadlineExceededError("no name server answered in time"));
        },
        lookup.get());
  resolver_.Resolve(host, [lookup](const dns::Result& result) { lookup->Take(result); });
  co_await lookup->done().Wait();
  timer.Stop();
  if (!lookup->result().ok()) co_return lookup->result().status();
  const std::vector<net::Address> addresses = lookup->result()->addresses;
  absl::Status failure = absl::NotFoundError("the name has no address");
  for (size_t i = 0; i < addresses.size(); ++i) {
    const uint64_t now = loop_.NowMs();
    if (now >= end) co_return absl::DeadlineExceededError("connect timed out");
    uint64_t limit = timeout_ms == 0 ? 0 : end - now;
    if (i + 1 < addresses.size()) limit = limit == 0 ? kShareMs : std::min(limit, kShareMs);
    absl::StatusOr<os::UniqueFd> socket = co_await direct_.Dial(addresses[i].Ip(), port, limit);
    if (socket.ok()) co_return std::move(socket);
    failure = socket.status();
  }
  co_return failure;
}

}  // namespace aisix::admin::etcd
