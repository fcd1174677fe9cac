#include "admin_worker/source/etcd/client/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "admin_worker/source/etcd/client/connection.h"
#include "admin_worker/source/etcd/client/error_text.h"

namespace aisix::admin::etcd {
namespace {

using std::chrono::system_clock;

}  // namespace

// The gRPC stream on a completion queue, so that one thread can read, write and keep time.
class Watch::Stream {
 public:
  enum class Event { kTimeout, kMessage, kEnd };

  explicit Stream(Connection& connection) : context_(connection, system_clock::time_point::max()) {
    // A member that lost its leader ends the watch instead of keeping quiet.
    context_.get()->AddMetadata("hasleader", "true");
    stream_ = connection.watch().AsyncWatch(context_.get(), &queue_, &starting_);
  }

  ~Stream() {
    context_.get()->TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void Cancel() { context_.get()->TryCancel(); }

  // At most one message waits; another one replaces it.
  void Send(etcdserverpb::WatchRequest request) {
    waiting_ = std::move(request);
    Flush();
  }

  Event Wait(absl::Time deadline) {
    while (true) {
      void* tag = nullptr;
      bool ok = false;
      const auto status = queue_.AsyncNext(&tag, &ok, absl::ToChronoTime(deadline));
      if (status != grpc::CompletionQueue::GOT_EVENT) return Event::kTimeout;
      if (tag == &starting_) {
        started_ = ok;
        if (!ok) return Finish();
        Flush();
        stream_->Read(&message_, &reading_);
      } else if (tag == &writing_) {
        write_pending_ = false;
        if (ok) Flush();  // a write that failed is followed by a read that fails
      } else if (tag == &reading_) {
        return ok ? Event::kMessage : Finish();
      }
    }
  }

  etcdserverpb::WatchResponse& message() { return message_; }
  void ReadNext() { stream_->Read(&message_, &reading_); }
  const grpc::Status& status() const { return status_; }

 private:
  void Flush() {
    if (!started_ || write_pending_ || !waiting_) return;
    sending_ = *std::exchange(waiting_, std::nullopt);
    write_pending_ = true;
    stream_->Write(sending_, &writing_);
  }

  Event Finish() {
    stream_->Finish(&status_, &finishing_);
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok) && tag != &finishing_) {
    }
    return Event::kEnd;
  }

  Connection::Context context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>>
      stream_;
  etcdserverpb::WatchResponse message_;
  etcdserverpb::WatchRequest sending_;
  std::optional<etcdserverpb::WatchRequest> waiting_;
  bool started_ = false;
  bool write_pending_ = false;
  grpc::Status status_;
  char starting_ = 0, reading_ = 0, writing_ = 0, finishing_ = 0;  // their addresses are the tags
};

Watch::Watch(Client& client, std::shared_ptr<Connection> connection, const KeyRange& range, int64_t revision)
    : client_(client),
      connection_(std::move(connection)),
      prefix_(range.begin),
      liveness_(client.options_.liveness),
      stream_(std::make_unique<Stream>(*connection_)),
      heard_(absl::Now()) {
  etcdserverpb::WatchRequest request;
  etcdserverpb::WatchCreateRequest& create = *request.mutable_create_request();
  create.set_key(range.begin);
  create.set_range_end(range.end);
  create.set_start_revision(revision);
  create.set_progress_notify(true);
  create.set_fragment(true);
  stream_->Send(std::move(request));
}

Watch::~Watch() = default;

void Watch::Cancel() {
  stream_->Cancel();
}

absl::Status Watch::Failed(const absl::Status& status) {
  if (IsCompacted(status)) return absl::OutOfRangeError(status.message());
  if (IsConnectionFault(status)) {
    client_.Discard(*connection_);
  } else {
    client_.ForgetToken();
  }
  return client_.Explain(*connection_, status);
}

absl::Status Watch::CheckAlive() {
  const absl::Time now = absl::Now();
  if (now < heard_ + liveness_.quiet) return absl::OkStatus();
  if (asked_ < heard_) {
    asked_ = now;
    etcdserverpb::WatchRequest request;
    request.mutable_progress_request();
    stream_->Send(std::move(request));
    return absl::OkStatus();
  }
  if (now < asked_ + liveness_.patience) return absl::OkStatus();
  // A server that does not know the question, or is busy with the past of this watch, keeps quiet as well.
  const absl::Status alive = connection_->Probe(prefix_, absl::ToChronoMilliseconds(liveness_.probe));
  if (!alive.ok()) return alive;
  heard_ = absl::Now();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<ChangeBatch>> Watch::Next(absl::Time deadline) {
  while (true) {
    const absl::Time check = asked_ < heard_ ? heard_ + liveness_.quiet : asked_ + liveness_.patience;
    switch (stream_->Wait(std::min(deadline, check))) {
      case Stream::Event::kTimeout:
        if (const absl::Status alive = CheckAlive(); !alive.ok()) return Failed(alive);
        if (absl::Now() >= deadline) return std::nullopt;
        continue;
      case Stream::Event::kEnd:
        if (stream_->status().ok()) return absl::AbortedError("etcd ended the watch");
        return Failed(ToAbsl(stream_->status()));
      case Stream::Event::kMessage:
        break;
    }
    heard_ = absl::Now();
    etcdserverpb::WatchResponse& message = stream_->message();
    if (message.compact_revision() > 0)
      return absl::OutOfRangeError(
          fmt::format("the history is compacted up to revision {}", message.compact_revision()));
    if (message.canceled()) {
      const std::string& reason = message.cancel_reason();
      if (reason.empty()) return absl::AbortedError("etcd ended the watch");
      const bool denied = reason.find("permission denied") != std::string::npos;
      return Failed(absl::Status(
          denied ? absl::StatusCode::kPermissionDenied : absl::StatusCode::kFailedPrecondition, reason));
    }
    partial_.revision = std::max(partial_.revision, message.header().revision());
    for (etcdserverpb::Event& event : *message.mutable_events()) {
      Change change;
      change.key = std::move(*event.mutable_kv()->mutable_key());
      change.revision = event.kv().mod_revision();
      if (event.type() == etcdserverpb::Event::PUT)
        change.value = std::move(*event.mutable_kv()->mutable_value());
      partial_.changes.push_back(std::move(change));
    }
    const bool complete = !message.fragment();
    message.Clear();
    stream_->ReadNext();
    if (complete) return std::exchange(partial_, ChangeBatch{});
  }
}

}  // namespace aisix::admin::etcd
