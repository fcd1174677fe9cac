// Opens connections to etcd: resolving, dialling and TLS happen on a loop of its own, so that no library but
// ours does any of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "admin_worker/source/etcd/client/endpoint.h"
#include "admin_worker/source/etcd/client/tls_settings.h"
#include "lib/async/loop.h"
#include "lib/net/dialer.h"
#include "lib/os/unique_fd.h"

namespace aisix::admin::etcd {

// Why a connection ended, once that is known. Any thread.
class ConnectionEnd {
 public:
  void Set(const absl::Status& status);
  // OK: it has not ended, or nobody knows why.
  absl::Status Get() const;

 private:
  mutable std::mutex mutex_;
  absl::Status status_;
};

// A stream on which HTTP/2 may be spoken in the clear.
struct RawConnection {
  os::UniqueFd fd;
  std::shared_ptr<ConnectionEnd> end;
};

class Connector {
 public:
  // Makes the dialer of the loop; the loop outlives it. Called on the constructor's thread.
  using MakeDialer = std::function<std::unique_ptr<net::Dialer>(async::Loop&)>;

  // Construct before the sandbox is locked, Start after it.
  explicit Connector(const MakeDialer& make_dialer);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  void Start();
  // Runs it on the loop: for the dialer. Any thread.
  void Post(absl::AnyInvocable<void()> function) { loop_.Post(std::move(function)); }
  // For connections that are opened from now on; null: none was configured. Any thread.
  void SetTls(std::shared_ptr<const TlsSettings> settings);
  std::shared_ptr<const TlsSettings> tls() const;

  // Waits. Any thread but the loop's. The error says what failed in words for operators, without the
  // endpoint: UNAVAILABLE or DEADLINE_EXCEEDED (dialling), NOT_FOUND (the name), UNAUTHENTICATED (TLS).
  absl::StatusOr<RawConnection> Connect(const Endpoint& endpoint, uint64_t timeout_ms);
  // Connect returns CANCELLED from now on, also where it waits. Established connections go on. Any thread.
  void Close();

 private:
  struct Attempt;
  struct Relays;
  async::Task<void> Run(std::shared_ptr<Attempt> attempt);
  static void Finish(Attempt& attempt, absl::StatusOr<RawConnection> result);
  async::Task<absl::StatusOr<RawConnection>> Open(Endpoint endpoint, uint64_t timeout_ms);
  async::Task<absl::StatusOr<RawConnection>> Secure(os::UniqueFd socket, uint16_t port, uint64_t timeout_ms);

  async::Loop loop_;
  const std::unique_ptr<net::Dialer> dialer_;
  const std::unique_ptr<Relays> relays_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsSettings> tls_;       // guarded by mutex_
  std::set<std::shared_ptr<Attempt>> attempts_;  // guarded by mutex_
  bool closed_ = false;                          // guarded by mutex_
  std::thread thread_;
};

}  // namespace aisix::admin::etcd
