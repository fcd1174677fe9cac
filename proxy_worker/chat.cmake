# proxy_dialects: wire formats, no input or output.
aisix_library(proxy_dialects
  SOURCES
    dialects/openai_chat/error.cc
    dialects/openai_chat/overrides.cc
    dialects/openai_chat/reasoning.cc
    dialects/openai_chat/reply.cc
    dialects/openai_chat/request.cc
    dialects/openai_chat/stream.cc
    dialects/openai_chat/usage.cc
    dialects/sse/event_scanner.cc
  DEPS lib_json lib_usage lib_async absl::inlined_vector)
