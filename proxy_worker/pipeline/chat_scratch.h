// What the chat requests of one loop use one after another, never across a suspension.
#pragma once

#include "proxy_worker/dialects/openai_chat/stream.h"

namespace aisix::proxy {

// One per loop (LoopContext::chat_scratch). Holds nothing between two uses but memory.
struct ChatScratch {
  json::Reader reader;
  openai_chat::ReplyScratch reply;
};

}  // namespace aisix::proxy
