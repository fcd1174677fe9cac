// Keeps a number of streams open on one epoll, in one thread, and notes when their events arrive.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/stream_client/response_reader.h"

namespace aisix::stream_client {

struct Options {
  sockaddr_in address{};
  std::string request;       // head and body, sent as it is
  size_t streams = 1;        // open at any time, one connection each
  int64_t milliseconds = 0;  // no stream begins after that; the open ones are read to their end
  int64_t ramp_ms = 0;       // over which the first streams begin
  int64_t limit_ms = 30000;  // behind `milliseconds`: what is open then has failed
};

struct Result {
  uint64_t streams = 0;  // read to their end
  uint64_t failed = 0;   // cut, refused, without [DONE], or open when the limit was reached
  uint64_t events = 0;
  double seconds = 0;
  double cpu_seconds = 0;       // of this process
  std::vector<uint32_t> first;  // nanoseconds / 100 from the request to the first event
  std::vector<uint32_t> gaps;   // the same, between an event and the one before it
};

class Client {
 public:
  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False: there is no connection; errno says why.
  bool Run(Result& result);

 private:
  struct Connection {
    int fd = -1;
    bool open = false;    // a stream is open on it
    int64_t started = 0;  // when its request was sent
    int64_t latest = 0;   // when its latest event arrived; 0: none yet
    ResponseReader reader;
  };

  bool Connect(Connection& connection);
  bool Send(Connection& connection, int64_t now);
  void Read(Connection& connection, Result& result);
  void Fail(Connection& connection, Result& result);

  Options options_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<char> buffer_;
  int epoll_ = -1;
  size_t open_ = 0;
  int64_t last_start_ = 0;  // no stream begins behind it
};

}  // namespace aisix::stream_client
