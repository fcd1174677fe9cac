#include "lib/http/wire/head_parser.h"

#include <cstring>

#include "lib/http/wire/plain_head.h"

namespace aisix::http {
namespace {

HeadParser* Self(llhttp_t* parser) {
  return static_cast<HeadParser*>(parser->data);
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

const llhttp_settings_t& HeadParser::Settings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = OnTarget;
    s.on_status = OnStatus;
    s.on_header_field = OnName;
    s.on_header_value = OnValue;
    s.on_headers_complete = OnHeadersComplete;
    return s;
  }();
  return settings;
}

HeadParser::HeadParser(Type type, const HeadLimits& limits) : type_(type), limits_(limits) {
  Reset();
}

void HeadParser::Reset() {
  parsed_ = start_ = head_size_ = 0;
  in_value_ = complete_ = started_ = false;
  error_ = HeadError::kNone;
  reason_ = target_ = status_text_ = {};
  headers().lines_.clear();
}

HeadParser::Result HeadParser::Fail(HeadError error, std::string_view reason) {
  // The first finding is the one that is told.
  if (error_ == HeadError::kNone) {
    error_ = error;
    reason_ = reason;
  }
  return Result::kFailed;
}

// Pieces of one text must be adjacent: a gap is a line fold.
bool HeadParser::Append(std::string_view& text, const char* data, size_t size) {
  if (size == 0) return true;
  if (text.empty()) {
    text = std::string_view(data, size);
    return true;
  }
  if (text.data() + text.size() != data) return false;
  text = std::string_view(text.data(), text.size() + size);
  return true;
}

int HeadParser::OnTarget(llhttp_t* parser, const char* data, size_t size) {
  HeadParser* self = Self(parser);
  return self->Append(self->target_, data, size) ? 0 : HPE_USER;
}

int HeadParser::OnStatus(llhttp_t* parser, const char* data, size_t size) {
  HeadParser* self = Self(parser);
  return self->Append(self->status_text_, data, size) ? 0 : HPE_USER;
}

int HeadParser::OnName(llhttp_t* parser, const char* data, size_t size) {
  HeadParser* self = Self(parser);
  std::vector<Header>& lines = self->headers().lines_;
  if (self->in_value_ || lines.empty()) {
    if (size == 0) return 0;
    if (lines.size() == self->limits_.max_headers) {
      self->Fail(HeadError::kTooLarge, "too many headers");
      return HPE_USER;
    }
    lines.push_back(Header{});
    self->in_value_ = false;
  }
  return self->Append(lines.back().name, data, size) ? 0 : HPE_USER;
}

int HeadParser::OnValue(llhttp_t* parser, const char* data, size_t size) {
  HeadParser* self = Self(parser);
  std::vector<Header>& lines = self->headers().lines_;
  if (lines.empty()) return HPE_USER;
  self->in_value_ = true;
  if (self->Append(lines.back().value, data, size)) return 0;
  self->Fail(HeadError::kMalformed, "folded header line");
  return HPE_USER;
}

int HeadParser::OnHeadersComplete(llhttp_t* parser) {
  Self(parser)->complete_ = true;
  return HPE_PAUSED;
}

HeadParser::Result HeadParser::Parse(const char* data, size_t size) {
  if (error_ != HeadError::kNone) return Result::kFailed;
  if (!started_) {
    // RFC 9112 §2.2: empty lines before a request line are ignored; only whole ones.
    while (type_ == Type::kRequest && size - start_ >= 2 && data[start_] == '\r' &&
           data[start_ + 1] == '\n') {
      start_ += 2;
    }
    if (start_ > 64) return Fail(HeadError::kMalformed, "too many empty lines");
    parsed_ = start_;
    if (parsed_ == size) return Result::kMore;
    if (data[start_] == '\r' && size - start_ == 1) return Result::kMore;
    if (data[start_] == '\r' || data[start_] == '\n') return Fail(HeadError::kMalformed, "bare line end");
    started_ = true;
    if (ReadPlainly(data, size)) return Result::kDone;
    llhttp_init(&parser_, type_ == Type::kRequest ? HTTP_REQUEST : HTTP_RESPONSE, &Settings());
    parser_.data = this;
  }
  const llhttp_errno_t code = llhttp_execute(&parser_, data + parsed_, size - parsed_);
  parsed_ = size;
  if (complete_) return Finish(data, size);
  if (code != HPE_OK) return Explain(code);
  if (size > limits_.max_bytes) return Fail(HeadError::kTooLarge, "head too large");
  return Result::kMore;
}

// False: nothing was read, and llhttp has to; also when something is wrong, so that it names it.
bool HeadParser::ReadPlainly(const char* data, size_t size) {
  const std::string_view text(data + start_, size - start_);
  std::vector<Header>& lines = headers().lines_;
  PlainHead head;
  bool plain;
  if (type_ == Type::kRequest) {
    plain = ReadPlainRequest(text, limits_.max_headers, head, lines);
    if (plain) {
      request_.method = head.method;
      request_.minor_version = 1;
      target_ = head.target;
      plain = CheckRequest() == Result::kDone;
    }
  } else {
    plain = ReadPlainResponse(text, limits_.max_headers, head, lines);
    if (plain) {
      response_.status = head.status;
      response_.reason = head.reason;
      response_.minor_version = 1;
      plain = CheckResponse() == Result::kDone;
    }
  }
  if (plain && start_ + head.size <= limits_.max_bytes) {
    head_size_ = start_ + head.size;
    parsed_ = size;
    complete_ = true;
    return true;
  }
  lines.clear();
  target_ = {};
  error_ = HeadError::kNone;
  reason_ = {};
  return false;
}

HeadParser::Result HeadParser::Explain(int code) {
  switch (code) {
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      if ((parser_.flags & (F_TRANSFER_ENCODING | F_CHUNKED)) == 0) {
        return Fail(HeadError::kConflictingContentLength, "more than one Content-Length");
      }
      return Fail(HeadError::kMalformed, "Content-Length beside Transfer-Encoding");
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE:
      return Fail(HeadError::kVersion, "unsupported version");
    default: {
      const char* reason = llhttp_get_error_reason(&parser_);
      return Fail(HeadError::kMalformed, reason && *reason ? reason : "malformed head");
    }
  }
}

HeadParser::Result HeadParser::Finish(const char* data, size_t size) {
  const char* line_end = nullptr;
  const char* begin = data + start_;
  const char* end = data + size;
  if (type_ == Type::kRequest) {
    if (Result result = CheckRequestLine(begin, &line_end); result != Result::kDone) return result;
  } else {
    line_end = static_cast<const char*>(memchr(begin, '\n', end - begin));
    if (!line_end || line_end[-1] != '\r') return Fail(HeadError::kMalformed, "malformed status line");
    ++line_end;
  }
  if (!CheckLines(data, end, line_end)) return Result::kFailed;
  if (head_size_ > limits_.max_bytes) return Fail(HeadError::kTooLarge, "head too large");
  if (type_ == Type::kRequest) return CheckRequest();
  if (parser_.http_major != 1 || parser_.http_minor > 1)
    return Fail(HeadError::kVersion, "unsupported version");
  response_.status = parser_.status_code;
  response_.reason = status_text_;
  response_.minor_version = parser_.http_minor;
  return CheckResponse();
}

// Between the pieces that llhttp reported there may be nothing but ": ", blanks and CRLF: then no reader of
// these bytes, however lenient, sees other lines than this one.
bool HeadParser::CheckLines(const char* data, const char* end, const char* first_line_end) {
  const char* at = first_line_end;
  for (Header& line : headers().lines_) {
    if (line.name.data() != at) return Fail(HeadError::kMalformed, "malformed header line"), false;
    at += line.name.size();
    if (at == end || *at != ':') return Fail(HeadError::kMalformed, "malformed header name"), false;
    ++at;
    while (at != end && IsBlank(*at)) ++at;
    if (!line.value.empty()) {
      if (line.value.data() != at) return Fail(HeadError::kMalformed, "malformed header value"), false;
      at += line.value.size();
      while (!line.value.empty() && IsBlank(line.value.back())) line.value.remove_suffix(1);
      while (at != end && IsBlank(*at)) ++at;
    }
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
      return Fail(HeadError::kMalformed, "bare line end"), false;
    at += 2;
  }
  if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
    return Fail(HeadError::kMalformed, "bare line end"), false;
  head_size_ = static_cast<size_t>(at + 2 - data);
  return true;
}

void HeadParser::Rebase(ptrdiff_t distance) {
  const auto move = [distance](std::string_view& text) {
    if (text.data()) text = std::string_view(text.data() + distance, text.size());
  };
  move(target_);
  move(status_text_);
  for (Header& line : headers().lines_) {
    move(line.name);
    move(line.value);
  }
}

void HeadParser::DropViews() {
  headers().lines_.clear();
  target_ = status_text_ = {};
  request_.target = request_.path = request_.query = request_.host = {};
  response_.reason = {};
}

void HeadParser::KeepWhatWasRead() {
  Headers lines;
  lines.lines_.swap(request_.headers.lines_);
  request_ = RequestHead();
  if (!complete_ && !lines.lines_.empty()) lines.lines_.pop_back();  // cut off, or the one that is wrong
  for (Header& line : lines.lines_) {
    while (!line.value.empty() && IsBlank(line.value.back())) line.value.remove_suffix(1);
  }
  request_.headers = std::move(lines);
  if (target_.empty()) return;
  request_.method = llhttp_method_name(static_cast<llhttp_method_t>(parser_.method));
  request_.target = target_;
  if (target_.front() == '/') request_.path = target_.substr(0, target_.find('?'));
}

}  // namespace aisix::http
