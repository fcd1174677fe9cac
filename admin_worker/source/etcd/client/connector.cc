#include "admin_worker/source/etcd/client/connector.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <optional>
#include <utility>

#include "admin_worker/source/etcd/client/relay.h"
#include "lib/async/event.h"
#include "lib/async/timer.h"
#include "lib/os/socket_pair.h"

namespace aisix::admin::etcd {
namespace {

// Waits for the end of a handshake; takes no bytes.
class Handshake final : public net::StreamReceiver {
 public:
  Handshake(async::Loop& loop, net::Transport& transport, uint64_t timeout_ms) : transport_(transport) {
    if (timeout_ms > 0)
      timer_.Start(
          loop, timeout_ms,
          [](void* argument) {
            static_cast<Handshake*>(argument)->Finish(
                absl::DeadlineExceededError("the TLS handshake timed out"));
          },
          this);
    transport_.SetReceiver(this);
  }
  ~Handshake() override { transport_.SetReceiver(nullptr); }

  async::Event& done() { return done_; }
  const absl::Status& status() const { return status_; }

  void OnOpen() override { Finish(absl::OkStatus()); }
  std::span<char> ReadSpace() override { return {}; }
  void OnRead(size_t) override {}
  void OnEnd(absl::Status status) override {
    Finish(status.ok() ? absl::UnavailableError("the connection was closed during the TLS handshake")
                       : status);
  }
  void OnWritten(absl::Status) override {}

 private:
  void Finish(absl::Status status) {
    if (finished_) return;
    finished_ = true;
    status_ = std::move(status);
    done_.Set();
  }

  net::Transport& transport_;
  async::Timer timer_;
  async::Event done_;
  absl::Status status_;
  bool finished_ = false;
};

absl::Status TlsError(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return status;
  return absl::UnauthenticatedError(status.message());
}

}  // namespace

void ConnectionEnd::Set(const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
}

absl::Status ConnectionEnd::Get() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

// The connections that are carried by the loop.
struct Connector::Relays {
  std::list<std::unique_ptr<Relay>> list;
};

// One call of Connect, shared by its caller and the loop.
struct Connector::Attempt {
  Endpoint endpoint;
  uint64_t timeout_ms = 0;
  std::condition_variable done;
  std::optional<absl::StatusOr<RawConnection>> result;  // guarded by the connector's mutex
};

Connector::Connector(const MakeDialer& make_dialer)
    : dialer_(make_dialer(loop_)), relays_(std::make_unique<Relays>()) {}

Connector::~Connector() {
  if (!thread_.joinable()) return;
  loop_.Post([this] { relays_->list.clear(); });
  loop_.Stop();
  thread_.join();
}

void Connector::Start() {
  thread_ = std::thread([this] { loop_.Run(); });
}

void Connector::SetTls(std::shared_ptr<const TlsSettings> settings) {
  const std::lock_guard lock(mutex_);
  tls_ = std::move(settings);
}

std::shared_ptr<const TlsSettings> Connector::tls() const {
  const std::lock_guard lock(mutex_);
  return tls_;
}

absl::StatusOr<RawConnection> Connector::Connect(const Endpoint& endpoint, uint64_t timeout_ms) {
  auto attempt = std::make_shared<Attempt>();
  attempt->endpoint = endpoint;
  attempt->timeout_ms = timeout_ms;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return absl::CancelledError("the client is closed");
    attempts_.insert(attempt);
  }
  loop_.Post([this, attempt] { async::Detach(Run(attempt)); });
  std::unique_lock lock(mutex_);
  attempt->done.wait(lock, [&] { return attempt->result.has_value(); });
  attempts_.erase(attempt);
  return *std::move(attempt->result);
}

void Connector::Finish(Attempt& attempt, absl::StatusOr<RawConnection> result) {
  if (attempt.result) return;  // it was given up
  attempt.result.emplace(std::move(result));
  attempt.done.notify_all();
}

void Connector::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const std::shared_ptr<Attempt>& attempt : attempts_)
    Finish(*attempt, absl::CancelledError("the client is closed"));
}

async::Task<void> Connector::Run(std::shared_ptr<Attempt> attempt) {
  absl::StatusOr<RawConnection> result = co_await Open(attempt->endpoint, attempt->timeout_ms);
  const std::lock_guard lock(mutex_);
  Finish(*attempt, std::move(result));
}

async::Task<absl::StatusOr<RawConnection>> Connector::Open(Endpoint endpoint, uint64_t timeout_ms) {
  const uint64_t begin = loop_.NowMs();
  absl::StatusOr<os::UniqueFd> socket =
      co_await dialer_->Dial(endpoint.address.host, endpoint.address.port, timeout_ms);
  if (!socket.ok()) co_return socket.status();
  if (!endpoint.tls) {
    RawConnection connection;
    connection.fd = *std::move(socket);
    connection.end = std::make_shared<ConnectionEnd>();
    co_return connection;
  }
  uint64_t left = 0;
  if (timeout_ms > 0) left = std::max<uint64_t>(1, timeout_ms - std::min(timeout_ms, loop_.NowMs() - begin));
  co_return co_await Secure(*std::move(socket), endpoint.address.port, left);
}

async::Task<absl::StatusOr<RawConnection>> Connector::Secure(os::UniqueFd socket, uint16_t port,
                                                             uint64_t timeout_ms) {
  const std::shared_ptr<const TlsSettings> settings = tls();
  if (settings == nullptr)
    co_return absl::UnauthenticatedError(
        "https without etcd.tls: there is no authority to trust (etcd.tls.ca_cert_file)");
  absl::StatusOr<net::TransportPtr> plain = net::AdoptSocket(loop_, std::move(socket));
  if (!plain.ok()) co_return plain.status();
  net::TransportPtr secured =
      settings->security().Connect(loop_, *std::move(plain), settings->expected_name(), port);
  absl::Status handshaken;
  {
    Handshake handshake(loop_, *secured, timeout_ms);
    co_await handshake.done().Wait();
    handshaken = handshake.status();
  }
  if (!handshaken.ok()) co_return TlsError(handshaken);
  if (secured->protocol() != "h2")
    co_return absl::UnauthenticatedError("the server does not offer HTTP/2 (ALPN h2): it is no etcd");
  absl::StatusOr<os::SocketPair> pair = os::CreateStreamPair();
  if (!pair.ok()) co_return pair.status();
  absl::StatusOr<net::TransportPtr> inner = net::AdoptSocket(loop_, std::move(pair->first));
  if (!inner.ok()) co_return inner.status();
  RawConnection connection;
  connection.fd = std::move(pair->second);
  connection.end = std::make_shared<ConnectionEnd>();
  const auto place = relays_->list.emplace(relays_->list.end());
  *place = std::make_unique<Relay>(
      std::move(secured), *std::move(inner),
      [relays = relays_.get(), place, end = connection.end](const absl::Status& status) {
        if (!status.ok()) end->Set(TlsError(status));
        relays->list.erase(place);
      });
  co_return connection;
}

}  // namespace aisix::admin::etcd
