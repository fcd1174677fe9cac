# proxy_dialects: wire formats, no input or output.
aisix_library(proxy_dialects
  SOURCES
    dialects/openai_chat/chunk_pattern.cc
    dialects/openai_chat/error.cc
    dialects/openai_chat/overrides.cc
    dialects/openai_chat/reasoning.cc
    dialects/openai_chat/reply.cc
    dialects/openai_chat/request.cc
    dialects/openai_chat/stream.cc
    dialects/openai_chat/usage.cc
    dialects/sse/event_scanner.cc
  DEPS lib_json lib_usage lib_async absl::inlined_vector)

# proxy_chat: providers, attempts and the stages of chat completions.
aisix_library(proxy_chat
  SOURCES
    pipeline/chat.cc
    pipeline/chat_prepare.cc
    pipeline/chat_run.cc
    pipeline/chat_stream.cc
    providers/header_policy.cc
    providers/openai_plan.cc
    providers/planner.cc
    providers/upstream_security.cc
    upstream/budget.cc
    upstream/failure.cc
    upstream/outbound_proxies.cc
    upstream/retry.cc
  DEPS proxy_core proxy_dialects lib_url lib_destinations lib_tls fmt::fmt absl::strings)
