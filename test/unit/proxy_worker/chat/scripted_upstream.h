// A provider whose every byte the test chooses, on a port of the kernel's choice.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lib/os/unique_fd.h"

namespace aisix::proxy {

// One connection of the gateway. Used by the thread that serves it.
class UpstreamConnection {
 public:
  explicit UpstreamConnection(os::UniqueFd socket) : socket_(std::move(socket)) {}
  // Head and body; empty: the gateway closed.
  std::string ReadRequest();
  void Send(std::string_view bytes);
  void Close();
  // Whether the gateway closed the connection within ten seconds; bytes of it are discarded.
  bool WaitForClose();
  // Sends until nothing is taken for half a second or all was; how much was taken.
  size_t SendUntilBlocked(std::string_view bytes);
  bool open() const { return socket_.valid(); }

 private:
  os::UniqueFd socket_;
  std::string received_;
};

class ScriptedUpstream {
 public:
  using Action = std::function<void(UpstreamConnection&)>;

  ScriptedUpstream();
  ~ScriptedUpstream();

  uint16_t port() const { return port_; }
  // What to do for the next request that has no action yet.
  void Then(Action action);
  void ThenSend(std::string bytes);
  // Requests so far, head and body, in the order of their arrival.
  std::vector<std::string> requests() const;
  size_t connections() const;

 private:
  void Accept();
  void Serve(os::UniqueFd socket);

  os::UniqueFd listener_;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<Action> actions_;
  std::vector<std::string> requests_;
  std::vector<os::UniqueFd> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// Responses on the wire.
std::string JsonResponse(int status, std::string_view body, std::string_view header_lines = "");
// A complete stream: chunked, one HTTP chunk for all of `events`.
std::string EventStream(std::string_view events);
// The head of a chunked stream, a part of its body, and its end.
std::string EventStreamHead();
std::string HttpChunk(std::string_view bytes);
inline constexpr std::string_view kLastHttpChunk = "0\r\n\r\n";

}  // namespace aisix::proxy
