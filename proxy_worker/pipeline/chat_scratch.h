// What the chat requests of one loop use one after another, never across a suspension.
#pragma once

#include <random>

#include "proxy_worker/dialects/openai_chat/stream.h"

namespace aisix::proxy {

// One per loop (LoopContext::chat_scratch). Holds nothing between two uses but memory.
struct ChatScratch {
  json::Reader reader;
  openai_chat::ReplyScratch reply;
  const openai_chat::ReasoningPath no_path;         // of whole replies
  std::minstd_rand random{std::random_device{}()};  // jitter of retries
};

}  // namespace aisix::proxy
