// Carries bytes between a secured connection to etcd and one end of a socketpair, on whose other end gRPC
// speaks HTTP/2 in the clear.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "lib/net/transport.h"

namespace aisix::admin::etcd {

// Lives on one loop.
class Relay {
 public:
  // Called once, when either side has ended; it may destroy the relay.
  using OnEnd = absl::AnyInvocable<void(const absl::Status&)>;

  // Both are open.
  Relay(net::TransportPtr outer, net::TransportPtr inner, OnEnd on_end);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

 private:
  // Reads from its own transport and writes to the other's.
  class Side final : public net::StreamReceiver {
   public:
    Side(Relay& relay, size_t index) : relay_(relay), index_(index) {}
    ~Side() override { Wipe(); }
    std::span<char> ReadSpace() override;
    void OnRead(size_t size) override;
    void OnEnd(absl::Status status) override;
    void OnWritten(absl::Status status) override;

   private:
    // What went through was documents, and so credentials.
    void Wipe();

    Relay& relay_;
    const size_t index_;
    std::vector<char> buffer_;
    size_t used_ = 0;       // of it
    bool writing_ = false;  // the other side still takes what was read here
    friend class Relay;
  };

  void End(const absl::Status& status);

  std::array<net::TransportPtr, 2> transports_;
  std::array<Side, 2> sides_;
  OnEnd on_end_;
};

}  // namespace aisix::admin::etcd
