// One connection of the mock provider: requests one after another, pipelined ones wait in the buffer.
#pragma once

#include <llhttp.h>
#include <uv.h>

#include <memory>
#include <string>

#include "bench/mock_provider/chat_request.h"
#include "bench/mock_provider/http_head.h"
#include "bench/mock_provider/server.h"
#include "bench/mock_provider/stream.h"

namespace aisix::mock {

// Owns itself: deleted when both its handles are closed.
class Connection {
 public:
  static void Accept(Worker& worker, uv_stream_t* server);

 private:
  explicit Connection(Worker& worker);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Reading.
  void OnData(const char* data, size_t size);
  void Parse(std::string_view data);
  static const llhttp_settings_t* ParserSettings();

  // One request.
  void Handle();
  void HandleControl();
  void HandleChat();
  void ReplyWhole();
  void StartStream();
  void PumpStream();
  void FinishReply();

  // Writing.
  void SendBody(int64_t status, std::string_view body);
  void AppendFramed(std::string& out, std::string_view data);
  void Write(std::string_view data);
  void WriteSplit();
  void CountSent(uint64_t bytes);
  void Pause(int64_t milliseconds, void (Connection::*then)());
  void CloseAfterWrites();
  void PeerGone();
  void Close(bool reset);

  Worker& worker_;
  uv_tcp_t tcp_;
  uv_timer_t timer_;
  llhttp_t parser_;
  void (Connection::*after_pause_)() = nullptr;

  Request request_;
  std::string header_name_;
  std::string header_value_;
  std::string waiting_input_;
  ChatRequest chat_;
  uint64_t serial_ = 0;
  std::unique_ptr<EventSource> events_;
  std::string event_buffer_;
  std::string out_;
  std::string split_;  // what write_bytes still holds back
  uint64_t body_sent_ = 0;
  Framing framing_ = Framing::kLength;
  int open_handles_ = 2;
  bool busy_ = false;
  bool streaming_ = false;
  bool blocked_ = false;  // a write is queued: the stream waits for it
  bool control_ = false;
  bool closing_ = false;
  bool close_when_written_ = false;
  bool finish_when_written_ = false;
};

}  // namespace aisix::mock
