// What the mock provider does with one request. The same members can be given on the command line
// (`--ttft-ms 20`, for every request), behind the model name (`"model": "mock?status=429&retry_after=7"`) and
// in the body (`"mock": {"status": 429}`); the later of these wins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simdjson.h"

namespace aisix::mock {

struct Behaviour {
  // Time, all in milliseconds.
  int64_t head_delay_ms = 0;  // before the response head
  int64_t ttft_ms = 0;        // before the first byte of content; of a whole reply: before the head as well
  int64_t gap_ms = 0;         // between two chunks of a stream; 0 = as fast as the socket takes them
  // Content.
  int64_t chunks = 0;       // content chunks of a stream; 0 = one per word
  int64_t reply_bytes = 0;  // length of the content of each choice; 0 = a sentence
  std::string content;      // the content itself
  std::string usage;        // "" = as asked for, "none" = never, else a JSON object sent as it is
  std::string tool_arguments;
  int64_t service_extras = 1;  // members beyond the minimum (system_fingerprint, service_tier, refusal, …)
  // Status and errors.
  int64_t status = 200;
  std::string retry_after;
  std::string error_body;  // sent as it is when status is not 200
  std::string header;      // one more response header, "Name: value"
  std::string body;        // the whole body of a 200, sent as it is
  std::string content_type;
  int64_t fail_times =
      0;  // > 0: status, hang, drop and truncation apply to the first n requests of `key` only
  std::string key;
  // Faults.
  int64_t malformed = 0;  // whole: JSON cut in the middle; stream: a broken chunk after `malformed_after`
  int64_t malformed_after = 1;  // chunks
  int64_t truncate_after = -1;  // close after so many bytes of the body
  int64_t hang = 0;             // never answer
  int64_t hang_after = -1;      // stop after so many chunks, connection left open
  int64_t drop_connection = 0;  // 1 = close without an answer, 2 = reset
  int64_t die_after = -1;       // close the connection after so many chunks
  int64_t reset_after = -1;     // reset it after so many chunks
  int64_t error_after = -1;     // in-band error object after so many chunks
  std::string error_event;      // that object; "" = a server_error
  // Framing.
  int64_t no_done = 0;        // no `data: [DONE]`
  int64_t after_done = 0;     // one more chunk behind [DONE]
  int64_t crlf = 0;           // CRLF line ends in the stream
  int64_t comments = 0;       // a comment and `event:`/`id:` lines around every chunk
  int64_t write_bytes = 0;    // > 0: write pieces of this size
  int64_t close = 0;          // Connection: close
  int64_t until_close = 0;    // body delimited by the end of the connection
  int64_t chunked = 0;        // whole replies in chunked coding
  int64_t echo = 0;           // whole replies carry the request as the gateway sent it
  int64_t ignore_stream = 0;  // answer a stream request with a whole reply
};

// Sets one member by name ("ttft_ms" or "ttft-ms"). False: unknown name or not a number.
bool SetMember(Behaviour& behaviour, std::string_view name, std::string_view value);

// Applies `key=value&key=value` (percent-encoded), as found behind '?' in a model name. Unknown names are
// ignored.
void ApplyQuery(Behaviour& behaviour, std::string_view query);

// Applies the members of the body's "mock" object. Strings, numbers, booleans; objects and arrays as JSON
// text.
void ApplyObject(Behaviour& behaviour, simdjson::dom::object object);

// One line per member, for --help.
std::string MemberList();

}  // namespace aisix::mock
