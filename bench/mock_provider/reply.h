// Bodies of whole replies: chat completions, the model list, errors, echoes.
#pragma once

#include <cstdint>
#include <string>

#include "bench/mock_provider/chat_request.h"
#include "bench/mock_provider/http_head.h"

namespace aisix::mock {

// A constant, so that a test can tell the provider's `created` from the gateway's clock.
inline constexpr int64_t kCreated = 1700000000;

// The text of every choice.
std::string ContentOf(const ChatRequest& request);

// Number of content chunks of a stream, and tokens in `usage`.
int64_t ChunkCount(const ChatRequest& request, const std::string& content);

// The i-th of `count` pieces of the content; never cuts a UTF-8 sequence.
std::string_view Piece(const ChatRequest& request, const std::string& content, int64_t index, int64_t count);

std::string ToolArguments(const ChatRequest& request);

// The `usage` object; empty when the behaviour says none.
std::string UsageOf(const ChatRequest& request, int64_t completion_tokens);

// A completion's identifier, the same for one `serial`.
std::string CompletionId(uint64_t serial);

std::string ChatBody(const ChatRequest& request, uint64_t serial);
std::string ErrorBody(const ChatRequest& request);
std::string InvalidRequestBody(std::string_view message);
std::string ModelsBody();

// The request as the gateway sent it: method, target, headers in order, length and CRC-32 of the body.
void AppendRequestJson(std::string& out, const Request& request, bool with_body);

}  // namespace aisix::mock
