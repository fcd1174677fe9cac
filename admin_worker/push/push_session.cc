#include "admin_worker/push/push_session.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <deque>

#include "proto/config.grpc.pb.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kLogTarget = "aisix_admin::push";

std::string_view Text(const std::string& text) {
  return text;
}

}  // namespace

struct PushSession::Stream {
  enum Event : int { kStart, kRead, kWrite, kFinish, kEventCount };
  struct Tag {
    Stream* stream;
    Event event;
  };

  Stream() {
    for (int i = 0; i < kEventCount; ++i) tags[i] = {this, static_cast<Event>(i)};
  }
  void* Expect(Event event) {
    outstanding |= 1U << event;
    return &tags[event];
  }

  Tag tags[kEventCount];
  unsigned outstanding = 0;  // bit per event
  grpc::ClientContext context;
  std::unique_ptr<config::Config::Stub> stub;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<config::Chunk, config::Applied>> rpc;
  grpc::Status status;
  config::Applied answer;
  std::deque<config::Chunk> chunks;
  uint64_t generation = 0;
  bool open = false;     // the call has started
  bool broken = false;   // cancelled, or the peer ended it
  bool synced = false;   // a full synchronisation was acknowledged on it
  bool pushing = false;  // from the first chunk to its acknowledgement
  absl::Time deadline = absl::InfiniteFuture();
};

PushSession::PushSession(std::string name, const ipc::RpcChannel& channel, grpc::CompletionQueue& queue,
                         const PushLimits& limits, log::Logger& logger)
    : name_(std::move(name)),
      channel_(channel),
      queue_(queue),
      limits_(limits),
      logger_(logger),
      backoff_(limits.retry_min) {}

PushSession::~PushSession() = default;

bool PushSession::busy() const {
  return (stream_ != nullptr && stream_->outstanding != 0) || !zombies_.empty();
}

bool PushSession::Has(const PushTarget& target) const {
  const bool here = stream_ != nullptr && stream_->synced && !stream_->broken && !stream_->pushing;
  return here && acknowledged_.view == target.view && acknowledged_.revision == target.revision &&
         acknowledged_.no_configuration == target.no_configuration;
}

void PushSession::Start(absl::Time now) {
  const std::shared_ptr<grpc::Channel> channel = channel_.Get();
  if (channel == nullptr) return;
  stream_ = std::make_shared<Stream>();
  stream_->generation = channel_.generation();
  stream_->stub = config::Config::NewStub(channel);
  stream_->deadline = now + limits_.acknowledgement;
  stream_->rpc = stream_->stub->PrepareAsyncPush(&stream_->context, &queue_);
  stream_->rpc->StartCall(stream_->Expect(Stream::kStart));
}

void PushSession::Pursue(const PushTarget& target, absl::Time now) {
  if (target.view == nullptr || Has(target)) return;
  if (stream_ == nullptr) {
    if (now >= retry_at_) Start(now);
    return;
  }
  if (!stream_->open || stream_->pushing || stream_->broken) return;
  BuildChunks(target, !stream_->synced);
  pushing_ = target;
  stream_->pushing = true;
  stream_->deadline = now + limits_.acknowledgement;
  WriteNext();
}

void PushSession::BuildChunks(const PushTarget& target, bool full) {
  static const ZoneView kEmpty;
  const ViewDelta delta = Difference(full ? kEmpty : *acknowledged_.view, *target.view);
  if (full) ++epoch_;
  std::deque<config::Chunk>& chunks = stream_->chunks;
  chunks.clear();
  size_t bytes = 0;
  const auto open_chunk = [&] {
    config::Chunk& chunk = chunks.emplace_back();
    chunk.set_epoch(epoch_);
    chunk.set_revision(target.revision);
    bytes = 0;
  };
  const auto room_for = [&](size_t size) {
    if (bytes > 0 && bytes + size > limits_.chunk_bytes) open_chunk();
    bytes += size;
  };
  open_chunk();
  for (const ViewKey& key : delta.upserts) {
    const DocumentValue& value = *target.view->at(key);
    room_for(key.first.size() + key.second.size() + value.json().size() + 32);
    config::Document* document = chunks.back().add_upserts();
    document->set_kind(key.first);
    document->set_id(key.second);
    document->set_revision(value.revision());
    document->set_json(value.json());
  }
  for (const ViewKey& key : delta.removals) {
    room_for(key.first.size() + key.second.size() + 16);
    config::Removal* removal = chunks.back().add_removals();
    removal->set_kind(key.first);
    removal->set_id(key.second);
  }
  chunks.front().set_begin(full);
  chunks.back().set_end(true);
  chunks.back().set_no_configuration(target.no_configuration);
}

void PushSession::WriteNext() {
  if (stream_->chunks.empty()) return;
  stream_->rpc->Write(stream_->chunks.front(), stream_->Expect(Stream::kWrite));
}

void PushSession::OnAcknowledged(absl::Time) {
  const config::Applied& answer = stream_->answer;
  if (!stream_->pushing || answer.epoch() != epoch_) return;
  for (const config::Refusal& refusal : answer.refusals()) {
    // Both sides use the same decoders: this is a defect, and is said as one.
    logger_.Write(log::Level::kError, kLogTarget, "a zone refused a resource that was accepted",
                  {{"to", Text(name_)},
                   {"kind", Text(refusal.kind())},
                   {"id", Text(refusal.id())},
                   {"reason", Text(refusal.reason())}});
  }
  stream_->pushing = false;
  stream_->synced = true;
  stream_->deadline = absl::InfiniteFuture();
  acknowledged_ = std::move(pushing_);
  pushing_ = {};
  backoff_ = limits_.retry_min;
}

bool PushSession::OnEvent(void* raw, bool ok, absl::Time now) {
  auto* tag = static_cast<Stream::Tag*>(raw);
  std::shared_ptr<Stream> stream;
  if (stream_.get() == tag->stream) {
    stream = stream_;
  } else {
    const auto zombie =
        std::find_if(zombies_.begin(), zombies_.end(),
                     [tag](const std::shared_ptr<Stream>& z) { return z.get() == tag->stream; });
    if (zombie == zombies_.end()) return false;
    stream = *zombie;
  }
  stream->outstanding &= ~(1U << tag->event);
  const bool current = stream == stream_;
  if (!current) {
    // A call is gone once it was finished and all its events came.
    if (tag->event != Stream::kFinish && stream->outstanding == 0) {
      stream->rpc->Finish(&stream->status, stream->Expect(Stream::kFinish));
    } else if (tag->event == Stream::kFinish && stream->outstanding == 0) {
      std::erase(zombies_, stream);
    }
    return true;
  }
  if (!ok) {
    Fail(log::Level::kInfo, "the stream ended", now);
    return true;
  }
  switch (tag->event) {
    case Stream::kStart:
      stream->open = true;
      stream->deadline = absl::InfiniteFuture();
      stream->rpc->Read(&stream->answer, stream->Expect(Stream::kRead));
      break;
    case Stream::kWrite:
      stream->chunks.pop_front();
      WriteNext();
      break;
    case Stream::kRead:
      OnAcknowledged(now);
      stream->rpc->Read(&stream->answer, stream->Expect(Stream::kRead));
      break;
    default:
      break;
  }
  return true;
}

void PushSession::Cancel() {
  if (stream_ == nullptr) return;
  std::shared_ptr<Stream> stream = std::exchange(stream_, nullptr);
  stream->broken = true;
  pushing_ = {};
  stream->context.TryCancel();
  if (stream->outstanding == 0) stream->rpc->Finish(&stream->status, stream->Expect(Stream::kFinish));
  zombies_.push_back(std::move(stream));
}

void PushSession::Fail(log::Level level, std::string_view reason, absl::Time now) {
  const uint64_t generation = stream_->generation;
  Cancel();
  // A replaced worker ends its stream; that is no news, and its new link comes at once.
  if (generation != failed_generation_) {
    failed_generation_ = generation;
    logger_.Write(level, kLogTarget, "configuration push interrupted",
                  {{"to", Text(name_)}, {"reason", reason}});
  }
  retry_at_ = now + backoff_;
  backoff_ = std::min(backoff_ * 2, limits_.retry_max);
}

void PushSession::Tick(absl::Time now) {
  if (stream_ == nullptr) {
    if (channel_.generation() != failed_generation_) retry_at_ = absl::InfinitePast();
    return;
  }
  if (stream_->generation != channel_.generation()) {
    Cancel();
    backoff_ = limits_.retry_min;
    retry_at_ = absl::InfinitePast();
  } else if (now >= stream_->deadline) {
    Fail(log::Level::kWarn, "no acknowledgement in time", now);
  }
}

absl::Time PushSession::NextTick(absl::Time now) const {
  if (stream_ != nullptr) return stream_->deadline;
  return retry_at_ > now ? retry_at_ : absl::InfiniteFuture();
}

}  // namespace aisix::admin
