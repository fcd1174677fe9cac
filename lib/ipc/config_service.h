// The receiving end of configuration pushes (proto/config.proto, DESIGN §2): collects the chunks of one push
// and hands them over whole.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace grpc {
class Service;
}

namespace aisix::ipc {

struct ConfigDocument {
  std::string kind;
  std::string id;
  int64_t revision = 0;
  std::string json;  // may hold credentials
};

struct ConfigRemoval {
  std::string kind;
  std::string id;
};

// One push. `full`: replaces everything the zone has; else changes only what it names.
struct ConfigBatch {
  uint64_t epoch = 0;
  int64_t revision = 0;
  bool full = false;
  bool no_configuration = false;  // with full: the source has nothing yet
  std::vector<ConfigDocument> upserts;
  std::vector<ConfigRemoval> removals;       // after the upserts
  std::shared_ptr<void> prepared = nullptr;  // what ConfigReceiver::Prepare made of upserts that it took
};

struct ConfigRefusal {
  std::string kind;
  std::string id;
  std::string reason;
};

// What a zone does with configuration. Called on a gRPC thread, one call at a time.
class ConfigReceiver {
 public:
  virtual ~ConfigReceiver() = default;
  // Called for every part of a push as it arrives, before the whole push is there: a receiver that compiles
  // documents does it here, takes them out of `upserts` and keeps the result in `prepared`, so that no push
  // is held twice. Changes nothing: the push may never be completed. No other push is applied between Prepare
  // and the Apply of the batch.
  virtual void Prepare(ConfigBatch&) {}
  // Must return only when the batch is in effect, because the return is the acknowledgement.
  // Documents that cannot be used are answered here; the others of the batch take effect.
  virtual std::vector<ConfigRefusal> Apply(ConfigBatch batch) = 0;
};

// A stream must begin with a full synchronisation; a delta before that, or in another epoch, ends the stream
// with FAILED_PRECONDITION, and so does a push during which another stream applied one. A push that was not
// completed (stream broken before `end`) leaves no trace. One that grows beyond `max_push_bytes` ends the
// stream with RESOURCE_EXHAUSTED.
class ConfigService {
 public:
  static constexpr size_t kMaxPushBytes = size_t{1} << 30;  // 100,000 documents take a fifth of it

  explicit ConfigService(ConfigReceiver& receiver, size_t max_push_bytes = kMaxPushBytes);
  ~ConfigService();
  ConfigService(const ConfigService&) = delete;
  ConfigService& operator=(const ConfigService&) = delete;

  grpc::Service* service();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aisix::ipc
