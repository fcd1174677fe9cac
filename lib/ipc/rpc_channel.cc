#include "lib/ipc/rpc_channel.h"

#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>

#include "lib/ipc/rpc_limits.h"

namespace aisix::ipc {

RpcChannel::RpcChannel(std::string name, os::UniqueFd fd) : name_(std::move(name)) {
  if (fd.valid()) Replace(std::move(fd));
}

RpcChannel::~RpcChannel() = default;

void RpcChannel::Replace(os::UniqueFd fd) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  // No keepalive: a channel on a descriptor cannot reconnect, so a peer that was merely stopped for a while
  // would be lost for good. Deadlines find it.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomInsecureChannelFromFd(name_, fd.release(), arguments);
  {
    std::lock_guard lock(mutex_);
    channel_.swap(channel);
    ++generation_;
  }
  // The old channel goes here, outside the lock.
}

std::shared_ptr<grpc::Channel> RpcChannel::Get() const {
  std::lock_guard lock(mutex_);
  return channel_;
}

uint64_t RpcChannel::generation() const {
  std::lock_guard lock(mutex_);
  return generation_;
}

}  // namespace aisix::ipc
