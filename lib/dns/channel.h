// One c-ares channel whose every option is given, so that c-ares reads neither files nor variables.
#pragma once

#include <ares.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lib/dns/cache.h"
#include "lib/dns/settings.h"

namespace aisix::dns {

// Who waits for the sockets of a channel.
class SocketObserver {
 public:
  virtual ~SocketObserver() = default;
  // Neither: the socket is about to be closed. Called inside Query, Process and the destructor.
  virtual void OnSocket(int fd, bool readable, bool writable) = 0;
};

// One thread at a time.
class Channel {
 public:
  // NOT_FOUND, UNAVAILABLE as in Result.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<Cache::Entry>)>;

  // `observer` is borrowed and may be null: then the owner asks Sockets().
  static absl::StatusOr<std::unique_ptr<Channel>> Make(const ResolvConf& conf, SocketObserver* observer);
  ~Channel();  // calls no callback
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // May call back before it returns.
  void Query(const std::string& host, Callback callback);
  // -1: none. May call back.
  void Process(int readable, int writable);
  // Until Process(-1, -1) must be called; nullopt: nothing is under way.
  std::optional<uint64_t> TimeoutMs() const;

  struct Socket {
    int fd;
    bool readable, writable;
  };
  std::vector<Socket> Sockets() const;

 private:
  struct Pending;

  Channel(const ResolvConf& conf, SocketObserver* observer);
  absl::Status Open(const ResolvConf& conf);
  static void OnAnswer(void* pending, int status, int timeouts, ares_addrinfo* info);
  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);
  static int Connect(ares_socket_t fd, const sockaddr* address, ares_socklen_t size, void* self);

  SocketObserver* observer_;
  std::vector<NameServer> scoped_;  // servers that need a scope
  bool ipv4_only_ = false;
  bool closing_ = false;
  ares_channel channel_ = nullptr;
};

}  // namespace aisix::dns
