#include "admin_worker/source/etcd/client/connection.h"

#include <grpcpp/create_channel_posix.h>

#include <algorithm>
#include <utility>

#include "admin_worker/source/etcd/client/client.h"
#include "admin_worker/source/etcd/client/error_text.h"

namespace aisix::admin::etcd {
namespace {

// A page of large documents, or all changes of a large transaction.
constexpr int kMaxMessageBytes = 64 << 20;
// etcd's default (--grpc-keepalive-min-time) forbids more than one ping in 5 s. What must be seen sooner is
// seen by the watch (watch.h).
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 3'000;
// gRPC's smallest block for what it receives. Larger ones would save system calls during a load, which are
// little beside the rest of it.
constexpr int kReceiveBlock = 8 * 1024;
// To fill one: names per answer, the least that an answer takes on the wire, and what comes together at
// least.
constexpr int kFillingNames = 128;
constexpr size_t kLeastAnswer = 48;
constexpr size_t kFilling = 3 * kReceiveBlock / 2;

std::shared_ptr<grpc::Channel> MakeChannel(const Endpoint& endpoint, os::UniqueFd fd) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_TCP_READ_CHUNK_SIZE, kReceiveBlock);
  arguments.SetInt(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, kReceiveBlock);
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

void Connection::FillReceiveBlock(const std::string& prefix, std::chrono::milliseconds timeout) {
  etcdserverpb::RangeRequest request;
  request.set_key(prefix);
  request.set_range_end(PrefixRange(prefix).end);
  request.set_limit(kFillingNames);
  request.set_keys_only(true);
  request.set_serializable(true);
  for (size_t received = 0; received < kFilling;) {
    etcdserverpb::RangeResponse response;
    Context context(*this, std::chrono::system_clock::now() + timeout);
    if (!kv_->Range(context.get(), request, &response).ok()) return;
    received += std::max(kLeastAnswer, response.ByteSizeLong());
  }
}

absl::Status ToAbsl(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace aisix::admin::etcd
