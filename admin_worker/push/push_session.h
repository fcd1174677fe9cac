// One Config.Push stream to one zone (proto/config.proto), driven by events of a completion queue. Used by
// Publisher only.
#pragma once

#include <grpcpp/completion_queue.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "admin_worker/push/push_metrics.h"
#include "admin_worker/push/zone_content.h"
#include "lib/ipc/rpc_channel.h"
#include "lib/log/logger.h"

namespace aisix::admin {

struct PushLimits {
  size_t chunk_bytes = size_t{1} << 20;
  // For one step of a push: until a chunk went out, and from the last chunk to the acknowledgement. A zone
  // that is stopped must not hold up the others; one that is only slow may take its time.
  absl::Duration acknowledgement = absl::Seconds(20);
  absl::Duration retry_min = absl::Milliseconds(100);
  absl::Duration retry_max = absl::Seconds(2);
};

// What a zone should have: everything of `content`, at `revision`.
struct PushTarget {
  int64_t revision = 0;
  bool no_configuration = false;
  std::shared_ptr<const ZoneContent> content;
};

// What a zone refused of one push.
struct PushAnswer {
  struct Refusal {
    std::string kind, id, reason;
  };
  std::vector<Refusal> refusals;              // not empty
  std::shared_ptr<const ZoneContent> pushed;  // what it was part of
  std::shared_ptr<const ZoneContent> before;  // what the zone had acknowledged until then; may be null
};

// All methods belong to the publisher's thread.
class PushSession {
 public:
  // Everything is borrowed.
  PushSession(PushMetrics::Zone zone, const ipc::RpcChannel& channel, grpc::CompletionQueue& queue,
              const PushLimits& limits, PushMetrics& metrics, log::Logger& logger);
  ~PushSession();
  PushSession(const PushSession&) = delete;
  PushSession& operator=(const PushSession&) = delete;

  // Brings the zone to `target` when it is not there and no push is on its way: by a delta where the zone is
  // known, else by a full synchronisation. Call it again after every event.
  void Pursue(const PushTarget& target, absl::Time now);
  // Looks at the time and at the link: a push that took too long or whose link was replaced is given up.
  void Tick(absl::Time now);
  // When Tick or Pursue has something to do next, seen from `now`.
  absl::Time NextTick(absl::Time now) const;

  // The newest target that the zone acknowledged, also when its stream is gone since: a fresh one starts with
  // a full synchronisation. No content before the first acknowledgement. Holds the documents that the zone
  // refused as if it had them.
  const PushTarget& acknowledged() const { return acknowledged_; }
  // Whether the zone has exactly this now.
  bool Has(const PushTarget& target) const;
  // Refusals that came since the last call.
  std::optional<PushAnswer> TakeRefusals() { return std::exchange(refusals_, std::nullopt); }

  // An event of the queue whose tag belongs to this session. Returns whether it did.
  bool OnEvent(void* tag, bool ok, absl::Time now);
  // Breaks the stream; events of it may still come.
  void Cancel();
  // Whether events are outstanding.
  bool busy() const;

 private:
  struct Stream;

  void Start(absl::Time now);
  void Push(const PushTarget& target, absl::Time now);
  // Fills the next chunk with at most chunk_bytes and sends it; nothing when all were sent.
  void WriteNext(absl::Time now);
  void OnAcknowledged(absl::Time now);
  void Fail(log::Level level, std::string_view reason, absl::Time now);

  const PushMetrics::Zone zone_;
  const ipc::RpcChannel& channel_;
  grpc::CompletionQueue& queue_;
  const PushLimits& limits_;
  PushMetrics& metrics_;
  log::Logger& logger_;

  std::shared_ptr<Stream> stream_;                // the current one
  std::vector<std::shared_ptr<Stream>> zombies_;  // cancelled, waiting for their last events
  PushTarget acknowledged_;
  PushTarget pushing_;
  std::vector<PushItem> items_;  // of pushing_; borrowed from it and from acknowledged_
  size_t next_item_ = 0;
  std::optional<PushAnswer> refusals_;
  uint64_t epoch_ = 0;
  absl::Time retry_at_ = absl::InfinitePast();
  absl::Duration backoff_;
  uint64_t failed_generation_ = 0;  // of the link whose failure was logged
};

}  // namespace aisix::admin
