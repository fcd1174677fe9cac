// One chat request from its body to its answer, on a direct model whose provider speaks the caller's dialect:
// nothing is decoded, the bytes pass with a few pieces exchanged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "lib/async/event.h"
#include "lib/async/maybe.h"
#include "lib/async/task.h"
#include "lib/async/timer.h"
#include "lib/http/client.h"
#include "proxy_worker/dialects/byte_buffer.h"
#include "proxy_worker/dialects/openai_chat/request.h"
#include "proxy_worker/dialects/openai_chat/stream.h"
#include "proxy_worker/pipeline/error.h"
#include "proxy_worker/pipeline/inline_text.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"
#include "proxy_worker/providers/openai_plan.h"
#include "proxy_worker/upstream/budget.h"
#include "proxy_worker/upstream/failure.h"
#include "proxy_worker/upstream/retry.h"

namespace aisix::proxy {

// Lives in the frame of its handler. Prepare, then Whole or Stream.
class ChatRun : private openai_chat::StreamObserver {
 public:
  ChatRun(LoopContext& loop, RequestContext& context);
  ChatRun(const ChatRun&) = delete;
  ChatRun& operator=(const ChatRun&) = delete;

  // The stages that do not wait: reads the envelope, resolves the model, checks access and the provider key,
  // and makes the upstream request. `body` stays borrowed until it is released. An error: the answer.
  std::optional<Error> Prepare(std::string_view body);

  // Attempts and the answer.
  async::Task<void> Whole();
  async::Task<void> Stream();

  // The caller has gone: ends what is being waited for.
  void CallerLeft();

 private:
  // Prepare
  std::optional<Error> ReadEnvelope(std::string_view body);
  std::optional<Error> Admit();
  std::optional<Error> ChooseUpstream();
  std::optional<Error> Encode(std::string_view body);

  // Attempts. A null (false) result leaves the reason in failure_.
  uint64_t Deadline(uint64_t budget_ms) const;
  async::Task<const http::ResponseHead*> Open(uint64_t deadline_ms, uint64_t budget_ms);
  async::Task<void> ReadRefusal(const http::ResponseHead& head, uint64_t deadline_ms);
  void ExchangeFailed(const absl::Status& status, std::string_view phase, uint64_t budget_ms);
  // After a failure: waits and returns true when another attempt follows; else it has answered.
  async::Task<bool> TryAgain(uint32_t attempts_made);
  void RecordFailure(const Error& error);

  // Whole
  bool TakeWhole(const absl::StatusOr<std::span<char>>& bytes);
  async::Maybe<void> AnswerWhole();
  void RecordReply(const openai_chat::ReplyView& view, std::string_view text);

  // Stream
  async::Task<bool> AwaitFirstChunk(ByteBuffer& out);
  async::Task<void> Relay(ByteBuffer& out);
  async::Task<void> EndStream(ByteBuffer& out);
  async::Task<void> BreakStream(const Error& error, ByteBuffer& out);
  async::Task<void> DrainUpstream();
  void Take(std::string_view bytes, ByteBuffer& out);
  void StreamEnded(ByteBuffer& out);
  void CheckDoneMarker(bool done);
  Error RelayError() const;
  void AbandonStream();

  void OnId(std::string_view id) override;
  void OnModel(std::string_view model) override;
  void OnFinishReason(std::string_view reason) override;

  LoopContext& loop_;
  RequestContext& context_;
  openai_chat::RequestView request_;
  const OpenAiPlan* plan_ = nullptr;
  Budget budget_;
  RetryPolicy retry_;
  InlineText<104> caller_model_;  // as JSON strings
  InlineText<104> upstream_model_;
  absl::InlinedVector<std::string_view, 6> body_;  // what is sent
  std::string overridden_body_;                    // empty, or what body_ points to
  std::string header_lines_;                       // empty: the plan's are sent as they are

  std::optional<http::ClientExchange> upstream_;
  std::optional<Failure> failure_;
  async::Timer backoff_;
  async::Event wake_;
  bool caller_left_ = false;

  // Whole
  openai_chat::ReplyEdits edits_;
  absl::InlinedVector<std::string_view, 8> reply_;
  std::string joined_;  // empty, or what reply_ says in more pieces than fit into a write

  // Stream
  std::optional<openai_chat::StreamRelay> relay_;
};

}  // namespace aisix::proxy
