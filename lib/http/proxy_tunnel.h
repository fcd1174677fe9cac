// A connection through an HTTP proxy (CONNECT, RFC 9110 §9.3.6), until the origin's own bytes begin.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "lib/http/client.h"
#include "lib/http/wire/head_parser.h"
#include "lib/net/transport.h"

namespace aisix::http {

// Loop thread only.
class ProxyTunnel final : public net::StreamReceiver {
 public:
  using Callback = void (*)(void* argument);

  // `transport` leads to the proxy of `origin`; `open`: its own handshake, if any, is over. `on_end` is
  // called once when there is something to see, never inside Start; it may destroy the tunnel.
  ProxyTunnel(net::TransportPtr transport, const Origin& origin, bool open, Callback on_end, void* argument);
  ProxyTunnel(const ProxyTunnel&) = delete;
  ProxyTunnel& operator=(const ProxyTunnel&) = delete;

  void Start();
  bool ended() const { return ended_; }
  // Once ended: OK, or why there is no tunnel, in words without addresses and credentials.
  const absl::Status& status() const { return status_; }
  // Once, after an OK: what is written now reaches the origin.
  net::TransportPtr Take();

  void OnOpen() override { SendRequest(); }
  std::span<char> ReadSpace() override;
  void OnRead(size_t size) override;
  void OnEnd(absl::Status status) override;
  void OnWritten(absl::Status status) override;

 private:
  void SendRequest();
  // What the proxy's answer means.
  absl::Status Judge() const;
  void End(absl::Status status);

  net::TransportPtr transport_;
  const bool open_;
  const Callback on_end_;
  void* const argument_;
  std::string request_;
  const HeadLimits limits_;
  HeadParser parser_;
  std::unique_ptr<char[]> input_;
  size_t received_ = 0;
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace aisix::http
