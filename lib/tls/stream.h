// A TLS connection on top of a plain transport.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lib/async/loop.h"
#include "lib/net/transport.h"

namespace aisix::tls {

// Works on buffers of the loop's pool through a BIO of its own: no memory BIOs, which copy and move. Records
// of one Write are gathered into as few system calls as the plain stream needs.
class Stream final : public net::Transport, public net::StreamReceiver {
 public:
  // `host` is whom the client wants (for messages); empty: this is the server's side.
  Stream(async::Loop& loop, net::TransportPtr plain, bssl::UniquePtr<SSL> ssl, std::string host,
         uint64_t handshake_timeout_ms);

  // Transport
  void SetReceiver(net::StreamReceiver* receiver) override;
  net::WriteResult Write(const iovec* pieces, int count) override;
  const absl::Status& write_error() const override { return write_error_; }
  void CancelWrite() override;
  void OwnPendingWrite() override;
  void ResumeReading() override;
  void ShutdownWrite() override;
  void ResetOnClose() override;
  std::string_view protocol() const override;
  int fd() const override { return plain_->fd(); }
  void Close() override;

  // StreamReceiver: what the plain transport tells
  std::span<char> ReadSpace() override;
  void OnRead(size_t size) override;
  void OnEnd(absl::Status status) override;
  void OnWritten(absl::Status status) override;

 private:
  // Where in the caller's pieces encryption is.
  struct Cursor {
    const iovec* piece;
    int count;
    size_t offset;
  };

  ~Stream() override { ReleaseOwned(); }

  static const BIO_METHOD* Method();
  static int BioRead(BIO* bio, char* data, int size);
  static int BioWrite(BIO* bio, const char* data, int size);
  static long BioControl(BIO* bio, int command, long number, void* pointer);

  class Entry;
  void Advance();
  bool Handshake();
  void Deliver();
  void End(absl::Status status);
  void EndByError(int code);
  bool Encrypt(Cursor& cursor);
  bool EncryptRecord(Cursor& cursor);
  // False: the plain stream failed.
  bool Flush();
  void ReleaseOwned();

  async::Loop& loop_;
  net::TransportPtr plain_;
  bssl::UniquePtr<SSL> ssl_;
  const std::string host_;
  net::StreamReceiver* receiver_ = nullptr;
  async::Deferred advance_;
  async::Timer handshake_timer_;
  int depth_ = 0;  // of calls from outside: the object is freed behind the last one

  bool started_ = false;
  bool open_ = false;
  bool closed_ = false;
  bool ended_ = false;        // OnEnd was told
  bool plain_ended_ = false;  // no more ciphertext will come
  absl::Status plain_status_;
  bool reset_on_close_ = false;
  bool shutdown_wanted_ = false;
  bool write_pending_ = false;
  absl::Status write_error_;

  async::Buffer in_;  // ciphertext [in_begin_, in_end_)
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  async::Buffer out_;  // ciphertext to be sent
  size_t out_size_ = 0;
  async::Buffer sending_;    // lent to the plain stream
  std::vector<iovec> rest_;  // plaintext of a pending Write
  async::Buffer owned_;      // a copy of rest_ that nobody lends any more
  size_t owned_size_ = 0;
  size_t rest_begin_ = 0;
  size_t rest_offset_ = 0;
};

}  // namespace aisix::tls
