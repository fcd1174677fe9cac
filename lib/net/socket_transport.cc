#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/net/transport.h"

namespace aisix::net {
namespace {

// The layouts are the same on every Unix, so that pieces go to the kernel without a copy of their list.
static_assert(sizeof(uv_buf_t) == sizeof(iovec) && offsetof(uv_buf_t, base) == offsetof(iovec, iov_base) &&
              offsetof(uv_buf_t, len) == offsetof(iovec, iov_len));

absl::Status ErrorOf(ssize_t code) {
  return absl::UnavailableError(uv_strerror(static_cast<int>(code)));
}

// What libuv holds on to: lives until its close callback ran.
struct Handle {
  uv_tcp_t tcp;
  uv_write_t write;
  class SocketTransport* owner;  // null: closed
};

class SocketTransport final : public Transport {
 public:
  explicit SocketTransport(async::Loop& loop) : loop_(loop) {}
  ~SocketTransport() override { ReleaseOwned(); }

  int Open(os::UniqueFd& socket) {
    handle_ = new Handle{};
    handle_->owner = this;
    uv_tcp_init(loop_.uv(), &handle_->tcp);
    handle_->tcp.data = handle_;
    handle_->write.data = handle_;
    const int error = uv_tcp_open(&handle_->tcp, socket.get());
    if (error == 0) (void)socket.release();
    return error;
  }

  void SetReceiver(StreamReceiver* receiver) override {
    receiver_ = receiver;
    if (receiver && !ended_) {
      StartReading();
    } else {
      StopReading();
    }
  }

  WriteResult Write(const iovec* pieces, int count) override {
    assert(!writing_);
    size_t total = 0;
    for (int i = 0; i < count; ++i) total += pieces[i].iov_len;
    if (total == 0) return WriteResult::kDone;
    int written =
        uv_try_write(stream(), reinterpret_cast<const uv_buf_t*>(pieces), static_cast<unsigned>(count));
    if (written == UV_EAGAIN) written = 0;
    if (written < 0) return Failed(written);
    if (static_cast<size_t>(written) == total) return WriteResult::kDone;
    return WriteRest(pieces, count, static_cast<size_t>(written));
  }

  const absl::Status& write_error() const override { return write_error_; }

  void CancelWrite() override {
    if (!writing_) return;
    writing_ = false;
    ReleaseOwned();
    written_.Cancel();
    // libuv lets go of queued memory only with the handle: the socket moves to a new one.
    os::UniqueFd socket(fcntl(fd(), F_DUPFD_CLOEXEC, 0));
    const bool was_reading = std::exchange(reading_, false);
    CloseHandle();
    if (!socket.valid() || Open(socket) != 0) {
      ended_ = true;
      return;
    }
    if (was_reading) StartReading();
  }

  void OwnPendingWrite() override {
    if (!writing_ || owned_) return;
    const size_t left = uv_stream_get_write_queue_size(stream());
    size_t skip = 0;
    for (const uv_buf_t& piece : rest_) skip += piece.len;
    skip -= left;
    async::Buffer copy = loop_.buffers().Take(left);
    size_t size = 0;
    for (const uv_buf_t& piece : rest_) {
      const size_t begin = std::min(skip, piece.len);
      skip -= begin;
      std::memcpy(copy.data() + size, piece.base + begin, piece.len - begin);
      size += piece.len - begin;
    }
    CancelWrite();
    owned_ = std::move(copy);
    owned_size_ = left;
    const iovec piece{owned_.data(), left};
    if (ended_ || Write(&piece, 1) != WriteResult::kPending) {
      // The receiver is told from the loop, as ever.
      writing_ = true;
      written_.Schedule(
          loop_, [](void* self) { static_cast<SocketTransport*>(self)->FinishWrite(); }, this);
    }
  }

  void ResumeReading() override {
    if (receiver_ && !ended_) StartReading();
  }

  void ShutdownWrite() override { (void)::shutdown(fd(), SHUT_WR); }

  void ResetOnClose() override {
    const linger reset{1, 0};
    (void)setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }

  int fd() const override {
    uv_os_fd_t fd = -1;
    (void)uv_fileno(reinterpret_cast<const uv_handle_t*>(&handle_->tcp), &fd);
    return fd;
  }

  void Close() override {
    CloseHandle();
    delete this;
  }

 private:
  static SocketTransport* Owner(void* handle) { return static_cast<Handle*>(handle)->owner; }
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle_->tcp); }

  void CloseHandle() {
    handle_->owner = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->tcp),
             [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
    handle_ = nullptr;
  }

  WriteResult Failed(int code) {
    write_error_ = ErrorOf(code);
    return WriteResult::kFailed;
  }

  WriteResult WriteRest(const iovec* pieces, int count, size_t skip) {
    while (skip >= pieces->iov_len) {
      skip -= pieces->iov_len;
      ++pieces;
      --count;
    }
    rest_.resize(static_cast<size_t>(count));
    std::memcpy(rest_.data(), pieces, sizeof(iovec) * rest_.size());
    rest_[0].base += skip;
    rest_[0].len -= skip;
    const int error =
        uv_write(&handle_->write, stream(), rest_.data(), static_cast<unsigned>(count), OnWritten);
    if (error != 0) return Failed(error);
    writing_ = true;
    return WriteResult::kPending;
  }

  static void OnWritten(uv_write_t* request, int code) {
    SocketTransport* self = Owner(request->data);
    if (!self) return;
    if (code != 0) self->write_error_ = ErrorOf(code);
    self->FinishWrite();
  }

  void FinishWrite() {
    writing_ = false;
    ReleaseOwned();
    if (receiver_) receiver_->OnWritten(write_error_);
  }

  // It may hold the head of a request, and so a credential.
  void ReleaseOwned() {
    if (owned_) ::explicit_bzero(owned_.data(), owned_size_);
    owned_.Release();
  }

  void StartReading() {
    if (reading_) return;
    reading_ = true;
    uv_read_start(
        stream(),
        [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
          const std::span<char> space = Owner(handle->data)->receiver_->ReadSpace();
          *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
        },
        [](uv_stream_t* handle, ssize_t size, const uv_buf_t*) { Owner(handle->data)->OnRead(size); });
  }

  void StopReading() {
    if (!reading_) return;
    reading_ = false;
    uv_read_stop(stream());
  }

  void OnRead(ssize_t size) {
    if (size >= 0) {
      receiver_->OnRead(static_cast<size_t>(size));
      return;
    }
    StopReading();
    if (size == UV_ENOBUFS) return;  // the receiver has no space: it will call ResumeReading
    ended_ = true;
    receiver_->OnEnd(size == UV_EOF ? absl::OkStatus() : ErrorOf(size));
  }

  async::Loop& loop_;
  Handle* handle_ = nullptr;
  StreamReceiver* receiver_ = nullptr;
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;
  absl::Status write_error_;
  std::vector<uv_buf_t> rest_;  // of a pending write, as it was handed to libuv
  async::Buffer owned_;
  size_t owned_size_ = 0;
  async::Deferred written_;
};

}  // namespace

absl::StatusOr<TransportPtr> AdoptSocket(async::Loop& loop, os::UniqueFd socket) {
  auto* transport = new SocketTransport(loop);
  TransportPtr owner(transport);
  if (const int error = transport->Open(socket); error != 0) return ErrorOf(error);
  return owner;
}

}  // namespace aisix::net
