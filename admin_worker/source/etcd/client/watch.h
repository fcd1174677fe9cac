// A stream of changes (spec 02 §3.2). It asks for a sign of life whenever nothing comes for a second, so that
// a peer that went silent is noticed well within 5 s (spec 00).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "admin_worker/source/etcd/client/client.h"

namespace aisix::admin::etcd {

// Used by one thread, but for Cancel.
class Watch {
 public:
  // The client is borrowed. Client::StartWatch makes it.
  Watch(Client& client, std::shared_ptr<Connection> connection, const KeyRange& range, int64_t revision);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // The next batch, without one when `deadline` came first. It may be empty: then it tells the revision only.
  // Errors end the watch:
  //   OUT_OF_RANGE         the history before the wanted revision is gone
  //   ABORTED              etcd ended the stream in an orderly way
  //   PERMISSION_DENIED, UNAUTHENTICATED, …   refused; the token is forgotten
  //   others               the connection is broken and discarded
  absl::StatusOr<std::optional<ChangeBatch>> Next(absl::Time deadline);
  // Any thread: Next returns soon, with an error.
  void Cancel();

 private:
  class Stream;
  absl::Status Failed(const absl::Status& status);
  absl::Status CheckAlive();

  Client& client_;
  const std::shared_ptr<Connection> connection_;
  const std::string prefix_;
  const Liveness liveness_;
  std::unique_ptr<Stream> stream_;
  ChangeBatch partial_;  // fragments of a response that is not complete
  absl::Time heard_;     // when anything came last
  absl::Time asked_;     // when a sign of life was asked for
};

}  // namespace aisix::admin::etcd
