#include "admin_worker/source/etcd/client/connection.h"

#include <grpcpp/create_channel_posix.h>

#include <utility>

#include "admin_worker/source/etcd/client/error_text.h"

namespace aisix::admin::etcd {
namespace {

// A page of large documents, or all changes of a large transaction.
constexpr int kMaxMessageBytes = 64 << 20;
// etcd's default (--grpc-keepalive-min-time) forbids more than one ping in 5 s. What must be seen sooner is
// seen by the watch (watch.h).
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 3'000;

std::shared_ptr<grpc::Channel> MakeChannel(const Endpoint& endpoint, os::UniqueFd fd) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomInsecureChannelFromFd(url::Canonical(endpoint.address), fd.release(), arguments);
}

}  // namespace

Connection::Connection(Endpoint endpoint, size_t index, RawConnection raw)
    : endpoint_(std::move(endpoint)),
      index_(index),
      end_(std::move(raw.end)),
      channel_(MakeChannel(endpoint_, std::move(raw.fd))),
      kv_(etcdserverpb::KV::NewStub(channel_)),
      watch_(etcdserverpb::Watch::NewStub(channel_)),
      auth_(etcdserverpb::Auth::NewStub(channel_)) {}

void Connection::SetToken(std::string token) {
  const std::lock_guard lock(mutex_);
  token_ = std::move(token);
}

bool Connection::has_token() const {
  const std::lock_guard lock(mutex_);
  return !token_.empty();
}

Connection::Context::Context(Connection& connection, std::chrono::system_clock::time_point deadline)
    : connection_(connection) {
  context_.set_deadline(deadline);
  const std::lock_guard lock(connection_.mutex_);
  if (!connection_.token_.empty()) context_.AddMetadata("token", connection_.token_);
  if (connection_.cancelled_) context_.TryCancel();
  connection_.contexts_.insert(&context_);
}

Connection::Context::~Context() {
  const std::lock_guard lock(connection_.mutex_);
  connection_.contexts_.erase(&context_);
}

void Connection::CancelCalls() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : contexts_) context->TryCancel();
}

absl::Status Connection::Probe(const std::string& key, std::chrono::milliseconds timeout) {
  etcdserverpb::RangeRequest request;
  request.set_key(key);
  request.set_limit(1);
  request.set_keys_only(true);
  request.set_serializable(true);
  etcdserverpb::RangeResponse response;
  Context context(*this, std::chrono::system_clock::now() + timeout);
  const absl::Status status = ToAbsl(kv_->Range(context.get(), request, &response));
  if (IsConnectionFault(status)) return status;
  answered_ = true;
  return absl::OkStatus();
}

absl::Status ToAbsl(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace aisix::admin::etcd
