// Heads of requests and responses: llhttp reads them, and what it lets through is checked once more, line by
// line. Those of the plainest spelling (plain_head.h) do not need it.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/http/head.h"

namespace aisix::http {

// What is wrong with a head. kConflictingContentLength has an answer of its own (spec 01 §10).
enum class HeadError : uint8_t {
  kNone,
  kMalformed,
  kConflictingContentLength,
  kTooLarge,
  kConnectMethod,
  kVersion
};

// Parses one head after the other from memory that its owner keeps in one piece. Views point into that
// memory.
class HeadParser {
 public:
  enum class Type : uint8_t { kRequest, kResponse };
  enum class Result : uint8_t { kMore, kDone, kFailed };

  HeadParser(Type type, const HeadLimits& limits);
  HeadParser(const HeadParser&) = delete;
  HeadParser& operator=(const HeadParser&) = delete;

  // Forgets the last head.
  void Reset();
  // `data` begins with the head; the first bytes of it may have been given before and must not have changed.
  Result Parse(const char* data, size_t size);
  // The memory moved by so many bytes since the last Parse.
  void Rebase(ptrdiff_t distance);
  // The caller gave up the memory: views are emptied, numbers stay.
  void DropViews();

  size_t head_size() const { return head_size_; }
  const RequestHead& request() const { return request_; }
  const ResponseHead& response() const { return response_; }
  HeadError error() const { return error_; }
  std::string_view error_reason() const { return reason_; }
  // A request failed or was given up: fills in its method, target, path and whole header lines as far as they
  // were read. The rest of it stands as in an empty head.
  void KeepWhatWasRead();

 private:
  static const llhttp_settings_t& Settings();
  static int OnTarget(llhttp_t* parser, const char* data, size_t size);
  static int OnStatus(llhttp_t* parser, const char* data, size_t size);
  static int OnName(llhttp_t* parser, const char* data, size_t size);
  static int OnValue(llhttp_t* parser, const char* data, size_t size);
  static int OnHeadersComplete(llhttp_t* parser);

  Headers& headers() { return type_ == Type::kRequest ? request_.headers : response_.headers; }
  bool ReadPlainly(const char* data, size_t size);
  [[gnu::cold]] Result Fail(HeadError error, std::string_view reason);
  bool Append(std::string_view& text, const char* data, size_t size);
  Result Explain(int code);
  Result Finish(const char* data, size_t size);
  bool CheckLines(const char* data, const char* end, const char* first_line_end);
  Result CheckRequestLine(const char* data, const char** line_end);
  Result CheckTarget();
  Result CheckRequest();
  Result CheckResponse();
  bool CollectFraming(bool* has_transfer_encoding, bool* chunked, std::optional<uint64_t>* length,
                      bool* close, bool* keep_alive);

  const Type type_;
  const HeadLimits& limits_;
  llhttp_t parser_;
  size_t parsed_ = 0;
  size_t start_ = 0;  // of the first line, behind empty lines
  size_t head_size_ = 0;
  bool in_value_ = false;
  bool complete_ = false;
  bool started_ = false;
  HeadError error_ = HeadError::kNone;
  std::string_view reason_;
  std::string_view target_;
  std::string_view status_text_;
  RequestHead request_;
  ResponseHead response_;
};

}  // namespace aisix::http
