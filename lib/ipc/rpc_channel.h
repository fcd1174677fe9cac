// The client end of a gRPC link.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "lib/os/unique_fd.h"

namespace grpc {
class Channel;
}

namespace aisix::ipc {

// Holds the channel of a link and exchanges it when the supervisor replaced the worker at the other end.
// Every method may be called from any thread. Make a stub per call or per Get(); calls on a replaced channel
// fail with UNAVAILABLE within milliseconds, calls on a fresh one wait until the new worker serves. Give
// every call a deadline.
class RpcChannel {
 public:
  // `name` is the link's name, for gRPC's own messages.
  explicit RpcChannel(std::string name, os::UniqueFd fd = os::UniqueFd());
  ~RpcChannel();
  RpcChannel(const RpcChannel&) = delete;
  RpcChannel& operator=(const RpcChannel&) = delete;

  // `fd`: non-blocking SOCK_STREAM. The old descriptor closes when the last user of the old channel is gone.
  void Replace(os::UniqueFd fd);

  // nullptr before the first descriptor came.
  std::shared_ptr<grpc::Channel> Get() const;

  // Grows with every Replace: tells a caller whether the channel it used is still the current one.
  uint64_t generation() const;

 private:
  std::string name_;
  mutable std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;
  uint64_t generation_ = 0;
};

}  // namespace aisix::ipc
