#include "lib/ipc/rpc_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "lib/ipc/rpc_limits.h"

namespace aisix::ipc {

struct RpcServer::Impl {
  std::mutex mutex;
  bool stopped = false;  // guarded by mutex
  std::unique_ptr<grpc::Server> server;
};

RpcServer::RpcServer(std::vector<grpc::Service*> services, RpcServerOptions options)
    : impl_(std::make_unique<Impl>()) {
  grpc::ServerBuilder builder;
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
  grpc::ResourceQuota quota("link");
  quota.SetMaxThreads(options.max_handlers + 1);  // and the one that waits for calls
  builder.SetResourceQuota(quota);
  impl_->server = builder.BuildAndStart();
  if (impl_->server == nullptr) {
    std::fputs("ipc: gRPC server cannot start\n", stderr);
    std::abort();
  }
}

RpcServer::~RpcServer() {
  Shutdown(std::chrono::milliseconds(0));
}

void RpcServer::Attach(os::UniqueFd fd) {
  if (!fd.valid()) return;
  std::lock_guard lock(impl_->mutex);
  if (impl_->stopped) return;
  grpc::AddInsecureChannelFromFd(impl_->server.get(), fd.release());
}

void RpcServer::Shutdown(std::chrono::milliseconds limit) {
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->stopped) return;
    impl_->stopped = true;
  }
  impl_->server->Shutdown(std::chrono::system_clock::now() + limit);
}

}  // namespace aisix::ipc
