#include "admin_worker/push/push_session.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "lib/crypto/secret.h"
#include "lib/model/kind.h"
#include "proto/config.grpc.pb.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kLogTarget = "aisix_admin::push";

// Serialised size of an item but for its texts, rounded up.
constexpr size_t kItemOverhead = 32;

// More than one block of gRPC's (64 KiB): see config.proto.
constexpr size_t kPadding = 80 * 1024;

// Of callers the zones know hashes, and models hold none.
bool MayHoldCredentials(std::string_view kind) {
  return kind != model::CollectionName(model::Kind::kApiKey) &&
         kind != model::CollectionName(model::Kind::kModel);
}

// The message is reused: what it held must not stay behind its new, shorter texts.
void Empty(config::Chunk& chunk) {
  for (config::Document& document : *chunk.mutable_upserts()) crypto::Wipe(*document.mutable_json());
  delete chunk.release_padding();
  chunk.Clear();
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
  bool writing() const { return (outstanding & (1U << kWrite)) != 0; }
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
  config::Chunk chunk;
  uint64_t generation = 0;
  bool open = false;     // the call has started
  bool broken = false;   // cancelled, or the peer ended it
  bool synced = false;   // a full synchronisation was acknowledged on it
  bool pushing = false;  // from the first chunk to its acknowledgement
  bool full = false;     // the push is a full synchronisation
  bool padded = false;   // it may replace credentials
  bool begun = false;    // its first chunk was sent
  bool ended = false;    // its last one was
  size_t bytes = 0;      // of documents, so far
  absl::Time since;      // the start of the push
  absl::Time deadline = absl::InfiniteFuture();
};

PushSession::PushSession(PushMetrics::Zone zone, const ipc::RpcChannel& channel, grpc::CompletionQueue& queue,
                         const PushLimits& limits, PushMetrics& metrics, log::Logger& logger)
    : zone_(zone),
      channel_(channel),
      queue_(queue),
      limits_(limits),
      metrics_(metrics),
      logger_(logger),
      backoff_(limits.retry_min) {}

PushSession::~PushSession() = default;

bool PushSession::busy() const {
  return (stream_ != nullptr && stream_->outstanding != 0) || !zombies_.empty();
}

bool PushSession::Has(const PushTarget& target) const {
  const bool here = stream_ != nullptr && stream_->synced && !stream_->broken && !stream_->pushing;
  return here && acknowledged_.content == target.content && acknowledged_.revision == target.revision &&
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
  if (target.content == nullptr || Has(target)) return;
  if (stream_ == nullptr) {
    if (now >= retry_at_) Start(now);
    return;
  }
  if (!stream_->open || stream_->pushing || stream_->writing() || stream_->broken) return;
  Push(target, now);
}

void PushSession::Push(const PushTarget& target, absl::Time now) {
  Stream& stream = *stream_;
  stream.full = !stream.synced;
  if (stream.full) ++epoch_;
  items_ = target.content->ChangesSince(stream.full ? nullptr : acknowledged_.content.get());
  next_item_ = 0;
  pushing_ = target;
  stream.pushing = true;
  stream.begun = stream.ended = false;
  stream.padded = zone_ == PushMetrics::Zone::kProxy &&
                  (stream.full || std::any_of(items_.begin(), items_.end(), [](const PushItem& item) {
                     return MayHoldCredentials(item.kind);
                   }));
  stream.bytes = 0;
  stream.since = now;
  WriteNext(now);
}

void PushSession::WriteNext(absl::Time now) {
  Stream& stream = *stream_;
  Empty(stream.chunk);
  if (!stream.pushing) return;
  stream.deadline = now + limits_.acknowledgement;
  if (stream.ended) return;
  config::Chunk& chunk = stream.chunk;
  chunk.set_epoch(epoch_);
  chunk.set_revision(pushing_.revision);
  chunk.set_begin(stream.full && !stream.begun);
  stream.begun = true;
  for (size_t bytes = 0; next_item_ < items_.size(); ++next_item_) {
    const PushItem& item = items_[next_item_];
    const size_t size = item.kind.size() + item.id.size() + item.json.size() + kItemOverhead;
    if (bytes > 0 && bytes + size > limits_.chunk_bytes) break;
    bytes += size;
    stream.bytes += item.json.size();
    if (item.removal) {
      config::Removal* removal = chunk.add_removals();
      removal->set_kind(item.kind.data(), item.kind.size());
      removal->set_id(item.id.data(), item.id.size());
    } else {
      config::Document* document = chunk.add_upserts();
      document->set_kind(item.kind.data(), item.kind.size());
      document->set_id(item.id.data(), item.id.size());
      document->set_revision(item.revision);
      document->set_json(item.json.data(), item.json.size());
    }
  }
  stream.ended = next_item_ == items_.size();
  chunk.set_end(stream.ended);
  if (stream.ended) chunk.set_no_configuration(pushing_.no_configuration);
  if (stream.ended && stream.padded) chunk.set_padding(std::string(kPadding, '\0'));
  stream.rpc->Write(chunk, stream.Expect(Stream::kWrite));
}

void PushSession::OnAcknowledged(absl::Time now) {
  config::Applied& answer = stream_->answer;
  if (!stream_->pushing || !stream_->ended || answer.epoch() != epoch_) return;
  metrics_.Pushed(zone_, stream_->full, items_.size(), stream_->bytes, now - stream_->since);
  if (answer.refusals_size() > 0) {
    refusals_.emplace();
    refusals_->pushed = pushing_.content;
    refusals_->before = acknowledged_.content;
    for (config::Refusal& refusal : *answer.mutable_refusals())
      refusals_->refusals.push_back({std::move(*refusal.mutable_kind()), std::move(*refusal.mutable_id()),
                                     std::move(*refusal.mutable_reason())});
  }
  items_ = {};
  stream_->pushing = false;
  stream_->synced = true;
  stream_->deadline = absl::InfiniteFuture();
  acknowledged_ = std::exchange(pushing_, {});
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
      WriteNext(now);
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
  items_ = {};
  pushing_ = {};
  stream->context.TryCancel();
  if (stream->outstanding == 0) stream->rpc->Finish(&stream->status, stream->Expect(Stream::kFinish));
  zombies_.push_back(std::move(stream));
}

void PushSession::Fail(log::Level level, std::string_view reason, absl::Time now) {
  const uint64_t generation = stream_->generation;
  if (stream_->pushing) metrics_.Failed(zone_);
  Cancel();
  // A replaced worker ends its stream; that is no news, and its new link comes at once.
  if (generation != failed_generation_) {
    failed_generation_ = generation;
    logger_.Write(level, kLogTarget, "configuration push interrupted",
                  {{"to", PushMetrics::NameOf(zone_)}, {"reason", reason}});
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
