// Reads the responses of one connection: head, chunked coding, server-sent events. Nothing is kept of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aisix::stream_client {

class ResponseReader {
 public:
  enum class State {
    kOpen,    // more is to come
    kEnd,     // the response is complete
    kFailed,  // not a 200 in chunked coding, or not HTTP
  };

  // Ready for the next response.
  void Start();
  // Takes what was read; `events`: how many events it completed.
  State Feed(std::string_view data, size_t& events);
  // Whether the last event was `[DONE]`.
  bool done() const { return done_; }

 private:
  enum class Step { kHead, kSize, kData, kDataEnd, kTrailer };

  bool TakeHead();
  size_t CountEvents(std::string_view body);

  Step step_ = Step::kHead;
  std::string line_;    // the head, or a line of the chunked coding, as far as it is known
  size_t missing_ = 0;  // of the chunk
  std::string tail_;    // the last bytes of the body: an event's end may be cut
  bool done_ = false;
};

}  // namespace aisix::stream_client
