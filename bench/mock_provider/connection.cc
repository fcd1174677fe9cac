#include "bench/mock_provider/connection.h"

#include <cstring>

#include "bench/mock_provider/reply.h"
#include "bench/mock_provider/text.h"

namespace aisix::mock {
namespace {

// Events of a stream without gaps are gathered up to this size into one write.
constexpr size_t kBurstBytes = 16 * 1024;

struct QueuedWrite {
  uv_write_t request;
  std::string data;
};

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Connection::Connection(Worker& worker) : worker_(worker) {
  uv_tcp_init(worker.loop(), &tcp_);
  uv_timer_init(worker.loop(), &timer_);
  tcp_.data = timer_.data = this;
  llhttp_init(&parser_, HTTP_REQUEST, ParserSettings());
  parser_.data = this;
}

void Connection::Accept(Worker& worker, uv_stream_t* server) {
  auto* connection = new Connection(worker);
  if (uv_accept(server, reinterpret_cast<uv_stream_t*>(&connection->tcp_)) != 0) {
    connection->control_ = true;  // was never counted
    connection->Close(false);
    return;
  }
  uv_tcp_nodelay(&connection->tcp_, 1);
  worker.statistics().counters().accepted_connections++;
  worker.statistics().counters().open_connections++;
  uv_read_start(
      reinterpret_cast<uv_stream_t*>(&connection->tcp_),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        *buffer = static_cast<Connection*>(handle->data)->worker_.read_buffer();
      },
      [](uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
        auto* self = static_cast<Connection*>(stream->data);
        if (size > 0) {
          self->OnData(buffer->base, static_cast<size_t>(size));
        } else if (size < 0) {
          self->PeerGone();
        }
      });
}

const llhttp_settings_t* Connection::ParserSettings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = [](llhttp_t* parser, const char* data, size_t size) {
      static_cast<Connection*>(parser->data)->request_.target.append(data, size);
      return 0;
    };
    s.on_header_field = [](llhttp_t* parser, const char* data, size_t size) {
      static_cast<Connection*>(parser->data)->header_name_.append(data, size);
      return 0;
    };
    s.on_header_value = [](llhttp_t* parser, const char* data, size_t size) {
      static_cast<Connection*>(parser->data)->header_value_.append(data, size);
      return 0;
    };
    s.on_header_value_complete = [](llhttp_t* parser) {
      auto* self = static_cast<Connection*>(parser->data);
      self->request_.headers.emplace_back(std::move(self->header_name_), std::move(self->header_value_));
      self->header_name_.clear();
      self->header_value_.clear();
      return 0;
    };
    s.on_headers_complete = [](llhttp_t* parser) {
      auto* self = static_cast<Connection*>(parser->data);
      self->request_.method = llhttp_method_name(static_cast<llhttp_method_t>(parser->method));
      self->request_.body.reserve(parser->content_length);
      return 0;
    };
    s.on_body = [](llhttp_t* parser, const char* data, size_t size) {
      static_cast<Connection*>(parser->data)->request_.body.append(data, size);
      return 0;
    };
    s.on_message_complete = [](llhttp_t* parser) {
      static_cast<Connection*>(parser->data)->request_.keep_alive = llhttp_should_keep_alive(parser) != 0;
      return static_cast<int>(HPE_PAUSED);
    };
    return s;
  }();
  return &settings;
}

void Connection::OnData(const char* data, size_t size) {
  if (closing_) return;
  if (busy_ || !waiting_input_.empty()) {
    waiting_input_.append(data, size);
    if (!busy_) {
      std::string input = std::move(waiting_input_);
      waiting_input_.clear();
      Parse(input);
    }
    return;
  }
  Parse(std::string_view(data, size));
}

void Connection::Parse(std::string_view data) {
  while (!data.empty() && !closing_) {
    llhttp_errno_t error = llhttp_execute(&parser_, data.data(), data.size());
    if (error == HPE_OK) return;
    if (error != HPE_PAUSED) {
      std::string out;
      std::string body = InvalidRequestBody(llhttp_get_error_reason(&parser_));
      AppendHead(out, {.status = 400, .length = body.size(), .close = true}, worker_.defaults());
      Write(out + body);
      CloseAfterWrites();
      return;
    }
    data.remove_prefix(static_cast<size_t>(llhttp_get_error_pos(&parser_) - data.data()));
    llhttp_resume(&parser_);
    busy_ = true;
    Handle();
    if (busy_) {
      // The answer takes its time: what follows waits.
      waiting_input_.append(data);
      return;
    }
  }
}

void Connection::PeerGone() {
  if (closing_) return;
  if (busy_ && !control_) {
    Counters& counters = worker_.statistics().counters();
    counters.cancelled++;
    if (streaming_) counters.cancelled_streams++;
  }
  Close(false);
}

void Connection::Handle() {
  std::string_view path = request_.Path();
  if (path.substr(0, 6) == "/mock/") return HandleControl();
  Counters& counters = worker_.statistics().counters();
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  counters.active_requests.fetch_add(1, std::memory_order_relaxed);
  worker_.statistics().Record(request_);
  serial_ = worker_.statistics().NextSerial();
  chat_ = ChatRequest();
  chat_.behaviour = worker_.defaults();
  if (request_.method == "POST" && EndsWith(path, "/chat/completions")) return HandleChat();
  if (request_.method == "GET" && EndsWith(path, "/models")) return SendBody(200, ModelsBody());
  SendBody(404, InvalidRequestBody("Invalid URL (" + request_.method + " " + request_.target + ")"));
}

void Connection::HandleControl() {
  Counters& counters = worker_.statistics().counters();
  if (!control_) {
    // The observer is not part of what is observed.
    control_ = true;
    counters.accepted_connections--;
    counters.open_connections--;
  }
  chat_ = ChatRequest();
  std::string_view path = request_.Path();
  std::string_view query = std::string_view(request_.target).substr(path.size());
  if (path == "/mock/stats") return SendBody(200, worker_.statistics().CountersJson());
  if (path == "/mock/requests") {
    std::string_view id = query.substr(0, 4) == "?id=" ? query.substr(4) : std::string_view();
    return SendBody(200, worker_.statistics().RequestsJson(id));
  }
  if (path == "/mock/reset") {
    worker_.statistics().Reset();
    return SendBody(200, "{}");
  }
  SendBody(404, "{}");
}

void Connection::HandleChat() {
  std::string problem = ParseChatRequest(worker_.parser(), request_.body, worker_.defaults(), chat_);
  Behaviour& behaviour = chat_.behaviour;
  if (!problem.empty()) {
    behaviour = worker_.defaults();
    return SendBody(400, InvalidRequestBody(problem));
  }
  if (behaviour.fail_times > 0 && worker_.statistics().SeenBefore(behaviour.key) >= behaviour.fail_times) {
    // It has failed often enough: behave.
    behaviour.status = 200;
    behaviour.hang = behaviour.drop_connection = behaviour.malformed = 0;
    behaviour.truncate_after = behaviour.die_after = behaviour.error_after = behaviour.hang_after = -1;
    behaviour.reset_after = -1;
    behaviour.head_delay_ms = behaviour.ttft_ms = 0;
    behaviour.retry_after.clear();
    behaviour.body.clear();
  }
  if (behaviour.hang != 0) return;
  const bool stream = chat_.stream && behaviour.ignore_stream == 0 && behaviour.status == 200;
  if (stream) worker_.statistics().counters().streams.fetch_add(1, std::memory_order_relaxed);
  streaming_ = stream;
  auto then = stream ? &Connection::StartStream : &Connection::ReplyWhole;
  int64_t delay = behaviour.head_delay_ms + (stream ? 0 : behaviour.ttft_ms);
  if (delay > 0) return Pause(delay, then);
  (this->*then)();
}

void Connection::ReplyWhole() {
  const Behaviour& behaviour = chat_.behaviour;
  if (behaviour.drop_connection != 0) return Close(behaviour.drop_connection == 2);
  if (behaviour.status != 200) return SendBody(behaviour.status, ErrorBody(chat_));
  if (behaviour.echo != 0) {
    std::string echo;
    AppendRequestJson(echo, request_, true);
    chat_.behaviour.content = echo;
  }
  std::string body = ChatBody(chat_, serial_);
  if (behaviour.malformed != 0) body.resize(body.size() / 2);
  SendBody(200, body);
}

void Connection::SendBody(int64_t status, std::string_view body) {
  const Behaviour& behaviour = chat_.behaviour;
  framing_ = behaviour.until_close != 0 ? Framing::kUntilClose
             : behaviour.chunked != 0   ? Framing::kChunked
                                        : Framing::kLength;
  out_.clear();
  bool close = behaviour.close != 0 || !request_.keep_alive;
  AppendHead(out_, {.status = status, .framing = framing_, .length = body.size(), .close = close}, behaviour);
  if (close || framing_ == Framing::kUntilClose) request_.keep_alive = false;
  if (behaviour.truncate_after >= 0) {
    AppendFramed(out_, body.substr(0, static_cast<size_t>(behaviour.truncate_after)));
    Write(out_);
    return CloseAfterWrites();
  }
  AppendFramed(out_, body);
  if (framing_ == Framing::kChunked) out_ += "0\r\n\r\n";
  Write(out_);
  FinishReply();
}

void Connection::StartStream() {
  const Behaviour& behaviour = chat_.behaviour;
  if (behaviour.drop_connection != 0) return Close(behaviour.drop_connection == 2);
  framing_ = behaviour.until_close != 0 ? Framing::kUntilClose : Framing::kChunked;
  if (behaviour.until_close != 0 || behaviour.close != 0) request_.keep_alive = false;
  events_ = std::make_unique<EventSource>(chat_, serial_);
  body_sent_ = 0;
  out_.clear();
  AppendHead(out_,
             {.content_type = "text/event-stream; charset=utf-8",
              .framing = framing_,
              .close = !request_.keep_alive},
             behaviour);
  if (behaviour.ttft_ms > 0) {
    Write(out_);
    out_.clear();
    return Pause(behaviour.ttft_ms, &Connection::PumpStream);
  }
  PumpStream();
}

void Connection::PumpStream() {
  const Behaviour& behaviour = chat_.behaviour;
  // out_ may already hold the head.
  while (events_ && !closing_) {
    event_buffer_.clear();
    EventSource::Step step = events_->Next(event_buffer_);
    if (behaviour.truncate_after >= 0 &&
        body_sent_ + event_buffer_.size() > static_cast<uint64_t>(behaviour.truncate_after)) {
      event_buffer_.resize(static_cast<uint64_t>(behaviour.truncate_after) - body_sent_);
      step = EventSource::Step::kDie;
    }
    body_sent_ += event_buffer_.size();
    AppendFramed(out_, event_buffer_);
    if (step == EventSource::Step::kEnd && framing_ == Framing::kChunked) out_ += "0\r\n\r\n";
    if (step == EventSource::Step::kMore && behaviour.gap_ms == 0 && out_.size() < kBurstBytes) continue;
    Write(out_);
    out_.clear();
    switch (step) {
      case EventSource::Step::kMore:
        if (closing_) return;
        if (blocked_) return;  // the write's completion goes on
        if (behaviour.gap_ms > 0) return Pause(behaviour.gap_ms, &Connection::PumpStream);
        break;
      case EventSource::Step::kHang:
        events_.reset();
        return;
      case EventSource::Step::kDie:
        return CloseAfterWrites();
      case EventSource::Step::kReset:
        return Close(true);
      case EventSource::Step::kEnd:
        events_.reset();
        return FinishReply();
    }
  }
}

void Connection::FinishReply() {
  if (blocked_) {
    finish_when_written_ = true;
    return;
  }
  if (closing_ || !busy_) return;
  Counters& counters = worker_.statistics().counters();
  if (!control_) {
    counters.completed.fetch_add(1, std::memory_order_relaxed);
    counters.active_requests.fetch_sub(1, std::memory_order_relaxed);
  }
  busy_ = streaming_ = false;
  bool keep_alive = request_.keep_alive;
  request_.Clear();
  if (!keep_alive) return CloseAfterWrites();
}

void Connection::AppendFramed(std::string& out, std::string_view data) {
  if (data.empty()) return;
  if (framing_ != Framing::kChunked) {
    out += data;
    return;
  }
  char size[20];
  int length = std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  out.append(size, static_cast<size_t>(length));
  out += data;
  out += "\r\n";
}

void Connection::CountSent(uint64_t bytes) {
  if (!control_) worker_.statistics().counters().bytes_sent.fetch_add(bytes, std::memory_order_relaxed);
}

void Connection::Write(std::string_view data) {
  if (closing_ || data.empty()) return;
  if (chat_.behaviour.write_bytes > 0 && !control_) {
    split_ += data;
    if (!blocked_) {
      blocked_ = true;
      WriteSplit();
    }
    return;
  }
  auto* stream = reinterpret_cast<uv_stream_t*>(&tcp_);
  if (!blocked_) {
    uv_buf_t buffer = uv_buf_init(const_cast<char*>(data.data()), static_cast<unsigned>(data.size()));
    int written = uv_try_write(stream, &buffer, 1);
    if (written < 0 && written != UV_EAGAIN) return PeerGone();
    if (written > 0) {
      CountSent(static_cast<uint64_t>(written));
      data.remove_prefix(static_cast<size_t>(written));
    }
    if (data.empty()) return;
  }
  blocked_ = true;
  auto* queued = new QueuedWrite{{}, std::string(data)};
  queued->request.data = queued;
  uv_buf_t buffer = uv_buf_init(queued->data.data(), static_cast<unsigned>(queued->data.size()));
  uv_write(&queued->request, stream, &buffer, 1, [](uv_write_t* request, int status) {
    auto* self = static_cast<Connection*>(request->handle->data);
    std::unique_ptr<QueuedWrite> done(static_cast<QueuedWrite*>(request->data));
    if (status != 0 || self->closing_) {
      self->PeerGone();
      return;
    }
    self->CountSent(done->data.size());
    if (uv_stream_get_write_queue_size(request->handle) > 0) return;
    self->blocked_ = false;
    if (self->close_when_written_) return self->Close(false);
    if (self->finish_when_written_) {
      self->finish_when_written_ = false;
      self->FinishReply();
      if (!self->closing_ && !self->busy_) self->OnData("", 0);
      return;
    }
    if (self->events_ && !uv_is_active(reinterpret_cast<uv_handle_t*>(&self->timer_))) {
      if (self->chat_.behaviour.gap_ms > 0) {
        self->Pause(self->chat_.behaviour.gap_ms, &Connection::PumpStream);
      } else {
        self->PumpStream();
        if (!self->closing_ && !self->busy_) self->OnData("", 0);
      }
    }
  });
}

void Connection::WriteSplit() {
  // A millisecond between the pieces, so that they arrive as separate reads.
  if (split_.empty()) {
    blocked_ = false;
    if (close_when_written_) return Close(false);
    if (finish_when_written_) {
      finish_when_written_ = false;
      FinishReply();
      if (!closing_ && !busy_) OnData("", 0);
      return;
    }
    if (events_) return PumpStream();
    return;
  }
  size_t size = std::min(split_.size(), static_cast<size_t>(chat_.behaviour.write_bytes));
  uv_buf_t buffer = uv_buf_init(split_.data(), static_cast<unsigned>(size));
  int written = uv_try_write(reinterpret_cast<uv_stream_t*>(&tcp_), &buffer, 1);
  if (written < 0 && written != UV_EAGAIN) return PeerGone();
  if (written > 0) {
    CountSent(static_cast<uint64_t>(written));
    split_.erase(0, static_cast<size_t>(written));
  }
  Pause(1, &Connection::WriteSplit);
}

void Connection::Pause(int64_t milliseconds, void (Connection::*then)()) {
  after_pause_ = then;
  uv_timer_start(
      &timer_,
      [](uv_timer_t* timer) {
        auto* self = static_cast<Connection*>(timer->data);
        (self->*self->after_pause_)();
        // The reply may be complete now: pipelined requests are next.
        if (!self->closing_ && !self->busy_ && !self->waiting_input_.empty()) self->OnData("", 0);
      },
      static_cast<uint64_t>(milliseconds), 0);
}

void Connection::CloseAfterWrites() {
  if (blocked_) {
    close_when_written_ = true;
    return;
  }
  Close(false);
}

void Connection::Close(bool reset) {
  if (closing_) return;
  closing_ = true;
  Counters& counters = worker_.statistics().counters();
  if (busy_ && !control_) counters.active_requests--;
  if (!control_) counters.open_connections--;
  auto closed = [](uv_handle_t* handle) {
    auto* self = static_cast<Connection*>(handle->data);
    if (--self->open_handles_ == 0) delete self;
  };
  auto* handle = reinterpret_cast<uv_handle_t*>(&tcp_);
  // With writes outstanding libuv refuses the reset: close plainly then.
  if (!reset || uv_tcp_close_reset(&tcp_, closed) != 0) uv_close(handle, closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), closed);
}

}  // namespace aisix::mock
