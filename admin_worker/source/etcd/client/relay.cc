#include "admin_worker/source/etcd/client/relay.h"

#include <string.h>

#include <utility>

namespace aisix::admin::etcd {
namespace {

constexpr size_t kBuffer = 64 * 1024;

}  // namespace

Relay::Relay(net::TransportPtr outer, net::TransportPtr inner, OnEnd on_end)
    : transports_{std::move(outer), std::move(inner)},
      sides_{Side(*this, 0), Side(*this, 1)},
      on_end_(std::move(on_end)) {
  for (size_t i = 0; i < transports_.size(); ++i) transports_[i]->SetReceiver(&sides_[i]);
}

void Relay::End(const absl::Status& status) {
  if (!on_end_) return;
  OnEnd on_end = std::exchange(on_end_, nullptr);
  on_end(status);
}

std::span<char> Relay::Side::ReadSpace() {
  if (writing_) return {};
  buffer_.resize(kBuffer);
  return buffer_;
}

void Relay::Side::OnRead(size_t size) {
  if (size == 0) return;
  used_ = size;
  net::Transport& other = *relay_.transports_[1 - index_];
  const iovec piece{buffer_.data(), size};
  switch (other.Write(&piece, 1)) {
    case net::WriteResult::kDone:
      return Wipe();
    case net::WriteResult::kPending:
      writing_ = true;
      return;
    case net::WriteResult::kFailed:
      return relay_.End(other.write_error());
  }
}

void Relay::Side::Wipe() {
  ::explicit_bzero(buffer_.data(), std::exchange(used_, 0));
}

void Relay::Side::OnEnd(absl::Status status) {
  // The end of the inner side is ours: gRPC has let go of the connection.
  if (index_ == 0 && status.ok()) status = absl::UnavailableError("etcd closed the connection");
  relay_.End(status);
}

void Relay::Side::OnWritten(absl::Status status) {
  if (!status.ok()) return relay_.End(status);
  // What was written on this side's transport came from the other side.
  relay_.sides_[1 - index_].writing_ = false;
  relay_.sides_[1 - index_].Wipe();
  relay_.transports_[1 - index_]->ResumeReading();
}

}  // namespace aisix::admin::etcd
