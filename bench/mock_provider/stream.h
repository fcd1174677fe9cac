// The events of one streamed chat completion, made one by one.
#pragma once

#include <cstdint>
#include <string>

#include "bench/mock_provider/chat_request.h"

namespace aisix::mock {

class EventSource {
 public:
  // What the connection does after the bytes that Next() appended.
  enum class Step {
    kMore,   // pause for the gap, then Next() again
    kHang,   // keep the connection open and send nothing more
    kDie,    // close it in the middle of the body
    kReset,  // reset it
    kEnd,    // the body is complete
  };

  EventSource(const ChatRequest& request, uint64_t serial);

  // Appends the events up to and with the next content chunk (or the end) to `out`.
  Step Next(std::string& out);

 private:
  void AppendEvent(std::string& out, std::string_view payload);
  void AppendChunk(std::string& out, int64_t choice, std::string_view delta, std::string_view token,
                   std::string_view finish_reason);
  void AppendContent(std::string& out);
  Step Finish(std::string& out);

  const ChatRequest& request_;
  const std::string line_end_;
  const std::string content_;
  const std::string tool_arguments_;
  const int64_t count_;
  std::string prefix_;  // of every chunk, up to `"choices":`
  int64_t sent_ = 0;
};

}  // namespace aisix::mock
