#include "lib/ipc/config_service.h"

#include <atomic>
#include <mutex>

#include "lib/os/wipe_stack.h"
#include "proto/config.grpc.pb.h"

namespace aisix::ipc {

class ConfigService::Impl final : public config::Config::Service {
 public:
  Impl(ConfigReceiver& receiver, size_t max_push_bytes)
      : receiver_(receiver), max_push_bytes_(max_push_bytes) {}

  grpc::Status Push(grpc::ServerContext*,
                    grpc::ServerReaderWriter<config::Applied, config::Chunk>* stream) override {
    ConfigBatch batch;
    bool open = false;          // chunks of a push are being collected
    bool synchronised = false;  // a full synchronisation was applied on this stream
    uint64_t epoch = 0;
    uint64_t applied_before = 0;
    size_t bytes = 0;  // of this push
    config::Chunk chunk;
    while (stream->Read(&chunk)) {
      delete chunk.release_padding();  // has done its work
      if (chunk.begin() || !open) {
        applied_before = applied_.load();
        bytes = 0;
      }
      bytes += chunk.ByteSizeLong();
      if (bytes > max_push_bytes_) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the push is too large"};
      if (chunk.begin()) {
        // A push that a new one interrupts leaves no trace.
        batch = ConfigBatch();
        batch.full = true;
        open = true;
        epoch = chunk.epoch();
      } else if (!open) {
        if (!synchronised || chunk.epoch() != epoch) {
          return {grpc::StatusCode::FAILED_PRECONDITION, "a full synchronisation must come first"};
        }
        batch = ConfigBatch();
        open = true;
      } else if (chunk.epoch() != epoch) {
        return {grpc::StatusCode::FAILED_PRECONDITION, "chunk of another epoch"};
      }
      if (!Add(chunk, batch, applied_before))
        return {grpc::StatusCode::FAILED_PRECONDITION, "another push was applied meanwhile"};
      os::WipeStack();
      if (!chunk.end()) continue;
      open = false;
      batch.epoch = epoch;
      batch.revision = chunk.revision();
      if (batch.full) synchronised = true;
      config::Applied applied;
      applied.set_epoch(batch.epoch);
      applied.set_revision(batch.revision);
      if (!Apply(std::move(batch), applied, applied_before))
        return {grpc::StatusCode::FAILED_PRECONDITION, "another push was applied meanwhile"};
      batch = ConfigBatch();
      os::WipeStack();
      if (!stream->Write(applied)) break;
    }
    return grpc::Status::OK;
  }

 private:
  // False: another stream applied a push since this one began.
  bool Add(config::Chunk& chunk, ConfigBatch& batch, uint64_t applied_before) {
    // Streams of an old and a new admin worker may overlap for a moment.
    std::lock_guard lock(mutex_);
    if (applied_.load() != applied_before) return false;
    batch.no_configuration |= chunk.no_configuration();
    for (config::Document& document : *chunk.mutable_upserts()) {
      batch.upserts.push_back({std::move(*document.mutable_kind()), std::move(*document.mutable_id()),
                               document.revision(), std::move(*document.mutable_json())});
    }
    for (config::Removal& removal : *chunk.mutable_removals()) {
      batch.removals.push_back({std::move(*removal.mutable_kind()), std::move(*removal.mutable_id())});
    }
    receiver_.Prepare(batch);
    return true;
  }

  // As Add.
  bool Apply(ConfigBatch batch, config::Applied& applied, uint64_t applied_before) {
    std::lock_guard lock(mutex_);
    if (applied_.load() != applied_before) return false;
    ++applied_;
    for (ConfigRefusal& refusal : receiver_.Apply(std::move(batch))) {
      config::Refusal& message = *applied.add_refusals();
      message.set_kind(std::move(refusal.kind));
      message.set_id(std::move(refusal.id));
      message.set_reason(std::move(refusal.reason));
    }
    return true;
  }

  ConfigReceiver& receiver_;
  const size_t max_push_bytes_;
  std::mutex mutex_;
  std::atomic<uint64_t> applied_{0};  // pushes, of all streams; changed under mutex_
};

ConfigService::ConfigService(ConfigReceiver& receiver, size_t max_push_bytes)
    : impl_(std::make_unique<Impl>(receiver, max_push_bytes)) {}

ConfigService::~ConfigService() = default;

grpc::Service* ConfigService::service() {
  return impl_.get();
}

}  // namespace aisix::ipc
