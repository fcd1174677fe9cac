// A connected byte stream on a loop: plain (this folder) or secured (lib/tls wraps a plain one).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/async/loop.h"
#include "lib/os/unique_fd.h"

namespace aisix::net {

// Who a transport tells about events. Never called from inside a call of the transport; may destroy the
// transport in any of these calls.
class StreamReceiver {
 public:
  virtual ~StreamReceiver() = default;

  // A secured stream finished its handshake. Plain streams are open from the start and do not call it.
  virtual void OnOpen() {}
  // Where the next bytes go; asked when bytes are there, so that an idle stream holds no buffer. Empty:
  // reading pauses until ResumeReading().
  virtual std::span<char> ReadSpace() = 0;
  // `size` bytes were put at the begin of the last ReadSpace(). Zero: nothing came, the space may be given
  // up.
  virtual void OnRead(size_t size) = 0;
  // The last event of reading. OK: end of file. Else what went wrong, readable: "connection reset by peer".
  virtual void OnEnd(absl::Status status) = 0;
  // What a Write left pending was handed to the kernel, or failed.
  virtual void OnWritten(absl::Status status) = 0;
};

enum class WriteResult {
  kDone,     // all bytes were taken
  kPending,  // the peer is slow: the memory stays borrowed, and no further Write is allowed, until OnWritten
  kFailed,   // see write_error()
};

class Transport {
 public:
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Begins (or goes on) telling `receiver`, which is borrowed. Null: reading pauses, nobody is told.
  virtual void SetReceiver(StreamReceiver* receiver) = 0;
  // Tries the kernel first; waits only after it refused. Not before OnOpen on a secured stream.
  virtual WriteResult Write(const iovec* pieces, int count) = 0;
  virtual const absl::Status& write_error() const = 0;
  // Forgets a pending Write: its memory is not borrowed any more, OnWritten does not come, and the peer gets
  // a part of the bytes at most. Reading goes on; nothing more may be written.
  virtual void CancelWrite() = 0;
  // Copies what is pending: its memory is not borrowed any more. OnWritten comes as before.
  virtual void OwnPendingWrite() = 0;
  // After ReadSpace() was empty. Costs nothing when reading is on.
  virtual void ResumeReading() = 0;
  // No more will be written: the peer sees an end of file. Nothing may be pending.
  virtual void ShutdownWrite() = 0;
  // When it is closed the peer sees a reset, not an end of file.
  virtual void ResetOnClose() = 0;
  // "http/1.1" when a security layer negotiated it; empty else.
  virtual std::string_view protocol() const { return {}; }
  virtual int fd() const = 0;

 protected:
  friend struct TransportCloser;
  Transport() = default;
  virtual ~Transport() = default;
  // Closes the socket now, tells nobody, and frees the object once libuv is through with it.
  virtual void Close() = 0;
};

struct TransportCloser {
  void operator()(Transport* transport) const { transport->Close(); }
};
// Closes when it goes: bytes that are pending then are lost.
using TransportPtr = std::unique_ptr<Transport, TransportCloser>;

// Takes a connected stream socket (TCP or one end of a socketpair) and makes it non-blocking. On failure the
// socket is closed.
absl::StatusOr<TransportPtr> AdoptSocket(async::Loop& loop, os::UniqueFd socket);

}  // namespace aisix::net
