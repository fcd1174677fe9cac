// The server end of gRPC links (DESIGN §1.1): a gRPC server without an address, reached only over the
// descriptors that the supervisor hands out.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "lib/os/unique_fd.h"

namespace grpc {
class Service;
}

namespace aisix::ipc {

struct RpcServerOptions {
  // Handlers that may run at once; a Config.Push stream occupies one for the life of its link. What comes on
  // top is refused with RESOURCE_EXHAUSTED.
  int max_handlers = 4;
};

// One server per link, so that a peer reaches only the services that its link is for. The services are
// borrowed. Make it after the sandbox is locked: it starts threads. Attach and Shutdown: any thread.
class RpcServer {
 public:
  explicit RpcServer(std::vector<grpc::Service*> services, RpcServerOptions options = {});
  ~RpcServer();  // as Shutdown with no time left
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  // Serves the peer at the other end of a non-blocking SOCK_STREAM socket. Calls that the peer sent before
  // are answered; the peer's end-of-file closes the descriptor.
  void Attach(os::UniqueFd fd);

  // Takes no further calls, lets running ones finish within `limit`, cancels the rest. Idempotent.
  void Shutdown(std::chrono::milliseconds limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aisix::ipc
