// Attempts of a chat request, and whole answers (spec 05 §9.1, §11).
#include "proxy_worker/pipeline/chat_run.h"

#include <uv.h>

#include <algorithm>
#include <ctime>

#include "lib/http/server_exchange.h"
#include "lib/json/text.h"
#include "proxy_worker/pipeline/chat_scratch.h"
#include "proxy_worker/pipeline/clean_text.h"
#include "proxy_worker/pipeline/respond.h"

namespace aisix::proxy {
namespace {

constexpr uint64_t kMostReplyBytes = 256 * 1024 * 1024;
constexpr size_t kKeptErrorBytes = 64 * 1024;
constexpr size_t kDrainedErrorBytes = 1024 * 1024;
// An error body that does not come is not worth the whole budget: its status is known already.
constexpr uint64_t kErrorBodyMs = 10'000;
constexpr size_t kMostPieces = 60;  // of 64 that a write takes

std::string_view View(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// A string of the provider as it is recorded: without escapes and control characters, not overlong.
template <typename Text>
void Record(const json::Value& value, std::string_view document, Text& out) {
  if (value.kind != json::Kind::kString || value.span.length <= 2) return;
  if (!value.escaped) {
    AssignClean(value.content(document), out);
    return;
  }
  std::string plain;
  if (json::AppendUnescaped(plain, value.content(document))) AssignClean(plain, out);
}

}  // namespace

void ChatRun::CallerLeft() {
  caller_left_ = true;
  if (upstream_) upstream_->Cancel();
  if (wake_.has_waiter()) wake_.Set();
}

uint64_t ChatRun::Deadline(uint64_t budget_ms) const {
  return budget_ms == 0 ? 0 : loop_.loop.NowMs() + budget_ms;
}

void ChatRun::ExchangeFailed(const absl::Status& status, std::string_view phase, uint64_t budget_ms) {
  failure_ = ExchangeFailure(upstream_->error_kind(), View(status), phase, plan_->chat_url(), budget_ms);
}

async::Task<const http::ResponseHead*> ChatRun::Open(uint64_t deadline_ms, uint64_t budget_ms) {
  context_.attempt.started_ns = uv_hrtime();
  upstream_.emplace(loop_.upstream);
  http::Header request_id;
  request_id.name = "x-aisix-request-id";
  request_id.value = context_.request_id;
  http::ClientRequest request;
  request.method = "POST";
  request.target = plan_->chat_target();
  request.headers = std::span<const http::Header>(&request_id, 1);
  request.header_lines = header_lines_;
  if (header_lines_.empty()) request.header_lines = plan_->chat_headers(request_.stream).lines();
  request.body = std::span<const std::string_view>(body_.data(), body_.size());
  http::SendOptions options;
  options.connect_timeout_ms = loop_.config.upstream.connect_timeout_ms;
  options.deadline_ms = deadline_ms;
  options.decode_gzip = true;
  const absl::Status sent = co_await upstream_->Send(plan_->origin(), request, options);
  if (!sent.ok()) {
    ExchangeFailed(sent, "sending request", budget_ms);
    co_return nullptr;
  }
  context_.attempt.reached_upstream = true;
  const absl::StatusOr<const http::ResponseHead*> head = co_await upstream_->ReceiveHead(deadline_ms);
  if (!head.ok()) {
    ExchangeFailed(head.status(), "sending request", budget_ms);
    co_return nullptr;
  }
  if ((*head)->status >= 200 && (*head)->status < 300) co_return *head;
  co_await ReadRefusal(**head, deadline_ms);
  co_return nullptr;
}

async::Task<void> ChatRun::ReadRefusal(const http::ResponseHead& head, uint64_t deadline_ms) {
  const uint64_t bound = loop_.loop.NowMs() + kErrorBodyMs;
  const uint64_t until = deadline_ms == 0 ? bound : std::min(deadline_ms, bound);
  std::string kept;
  size_t seen = 0;
  // What is behind the part that is kept is read on, so that the connection can be used again.
  while (seen < kDrainedErrorBytes) {
    const absl::StatusOr<std::string_view> bytes = co_await upstream_->Read(until);
    if (!bytes.ok() || bytes->empty()) break;
    kept.append(bytes->substr(0, kKeptErrorBytes - std::min(kKeptErrorBytes, kept.size())));
    seen += bytes->size();
  }
  failure_ = StatusFailure(head.status, head.headers, kept, loop_.chat_scratch.reader);
}

void ChatRun::RecordFailure(const Error& error) {
  context_.attempt.ended_ns = uv_hrtime();
  context_.attempt.status = error.status;
  context_.attempt.error_class = error.error_class;
  context_.attempt.error_message = error.message;
}

async::Task<bool> ChatRun::TryAgain(uint32_t attempts_made) {
  upstream_.reset();
  if (caller_left_) co_return false;
  const Failure failure = std::move(*failure_);
  failure_.reset();
  RecordFailure(failure.error);
  if (!retry_.Allows(failure, attempts_made)) {
    co_await RespondError(loop_, context_, failure.error);
    co_return false;
  }
  RecordFailedAttempt(loop_, context_);
  const uint64_t wait_ms = BackoffMs(attempts_made, failure, loop_.chat_scratch.random);
  backoff_.Start(
      loop_.loop, wait_ms, [](void* run) { static_cast<ChatRun*>(run)->wake_.Set(); }, this);
  co_await wake_.Wait();
  backoff_.Stop();
  co_return !caller_left_;
}

async::Task<void> ChatRun::Whole() {
  for (uint32_t made = 0;; ++made) {
    const uint64_t deadline = Deadline(budget_.whole_ms);
    const http::ResponseHead* const head = co_await Open(deadline, budget_.whole_ms);
    bool good = false;
    if (head != nullptr) {
      if (!retry_.MayFollow(made)) context_.exchange.ReleaseBody();
      async::Maybe<absl::StatusOr<std::span<char>>> reading = upstream_->ReadAll(kMostReplyBytes, deadline);
      const absl::StatusOr<std::span<char>> bytes = co_await reading;
      good = TakeWhole(bytes);
    }
    if (good) {
      async::Maybe<void> answered = AnswerWhole();
      co_await answered;
      co_return;
    }
    const bool again = co_await TryAgain(made + 1);
    if (!again) co_return;
  }
}

bool ChatRun::TakeWhole(const absl::StatusOr<std::span<char>>& bytes) {
  if (!bytes.ok()) {
    ExchangeFailed(bytes.status(), "reading response body", budget_.whole_ms);
    return false;
  }
  const std::string_view text(bytes->data(), bytes->size());
  ChatScratch& scratch = loop_.chat_scratch;
  openai_chat::ReplyView& view = scratch.reply.view;
  if (!openai_chat::ReadReply(scratch.reader, text, openai_chat::ReplyForm::kWhole, scratch.no_path, view)) {
    failure_ = DecodeFailure(view.valid_json ? view.defect : "invalid JSON");
    return false;
  }
  RecordReply(view, text);
  edits_.model = caller_model_;
  json::Splice splice;
  openai_chat::EditReply(view, text, openai_chat::ReplyForm::kWhole, std::time(nullptr), edits_, splice);
  splice.AppendTo(reply_, text);
  return true;
}

async::Maybe<void> ChatRun::AnswerWhole() {
  context_.exchange.ReleaseBody();
  http::Header headers[2];
  headers[0].name = "content-type";
  headers[0].value = "application/json";
  headers[1].name = "x-aisix-call-id";
  headers[1].value = context_.request_id;
  if (reply_.size() <= kMostPieces) {
    const std::span<const std::string_view> pieces(reply_.data(), reply_.size());
    return RespondPieces(loop_, context_, 200, headers, pieces);
  }
  for (const std::string_view piece : reply_) joined_.append(piece);
  return Respond(loop_, context_, 200, headers, joined_);
}

void ChatRun::RecordReply(const openai_chat::ReplyView& view, std::string_view text) {
  Record(view.id, text, context_.provider_request_id);
  Record(view.model, text, context_.provider_model);
  Record(view.finish_reason, text, context_.finish_reason);
  if (view.usage.present) context_.tokens = view.usage.tokens;
}

}  // namespace aisix::proxy
