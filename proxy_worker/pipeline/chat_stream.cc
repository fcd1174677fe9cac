// Streamed answers of a chat request (spec 05 §9.1, §10.2–10.7).
#include <uv.h>

#include <algorithm>
#include <ctime>

#include "lib/http/server_exchange.h"
#include "lib/json/writer.h"
#include "proxy_worker/pipeline/chat_run.h"
#include "proxy_worker/pipeline/chat_scratch.h"
#include "proxy_worker/pipeline/clean_text.h"
#include "proxy_worker/pipeline/respond.h"

namespace aisix::proxy {
namespace {

constexpr std::string_view kHeartbeat = ":\n\n";
// After `[DONE]` the end of the upstream's body is due at once; waiting for it a little saves a connection.
constexpr uint64_t kDrainMs = 100;
constexpr size_t kDrainBytes = 64 * 1024;

constexpr uint64_t kNever = 0;  // as deadlines of lib/http

uint64_t Earlier(uint64_t a, uint64_t b) {
  if (a == kNever) return b;
  return b == kNever ? a : std::min(a, b);
}

std::string ErrorFrame(const Error& error) {
  std::string frame = "event: error\ndata: ";
  json::Writer writer(frame);
  writer.BeginObject().Key("error").BeginObject();
  writer.Member("message", std::string_view(error.message)).Member("type", std::string_view(error.type));
  writer.EndObject().EndObject();
  return frame.append("\n\n");
}

}  // namespace

void ChatRun::OnId(std::string_view id) {
  AssignClean(id, context_.provider_request_id);
}
void ChatRun::OnModel(std::string_view model) {
  AssignClean(model, context_.provider_model);
}
void ChatRun::OnFinishReason(std::string_view reason) {
  AssignClean(reason, context_.finish_reason);
}

async::Task<void> ChatRun::Stream() {
  ByteBuffer out(loop_.loop.buffers());
  openai_chat::StreamRules rules;
  rules.model = caller_model_;
  rules.forward_usage_only = request_.include_usage;
  rules.reasoning_path = &plan_->reasoning_path();
  openai_chat::StreamObserver& observer = *this;
  for (uint32_t made = 0;; ++made) {
    const http::ResponseHead* const head = co_await Open(Deadline(budget_.stream_ms), budget_.stream_ms);
    bool good = head != nullptr;
    if (good) {
      out.Release();
      relay_.emplace(loop_.chat_scratch.reader, loop_.chat_scratch.reply, loop_.loop.buffers(), rules,
                     observer);
      if (budget_.await_first_chunk) good = co_await AwaitFirstChunk(out);
    }
    if (good && !caller_left_) {
      co_await Relay(out);
      co_return;
    }
    const bool again = co_await TryAgain(made + 1);
    if (!again) co_return;
  }
}

void ChatRun::Take(std::string_view bytes, ByteBuffer& out) {
  const uint64_t before = relay_->chunks();
  relay_->Feed(bytes, std::time(nullptr), out);
  Attempt& attempt = context_.attempt;
  if (before == 0 && relay_->chunks() > 0 && attempt.time_to_first_token_ms == 0) {
    attempt.time_to_first_token_ms = std::max<uint64_t>(1, (uv_hrtime() - attempt.started_ns) / 1'000'000);
  }
}

void ChatRun::StreamEnded(ByteBuffer& out) {
  const uint64_t before = relay_->chunks();
  relay_->End(std::time(nullptr), out);
  Attempt& attempt = context_.attempt;
  if (before == 0 && relay_->chunks() > 0) {
    attempt.time_to_first_token_ms = std::max<uint64_t>(1, (uv_hrtime() - attempt.started_ns) / 1'000'000);
  }
}

async::Task<bool> ChatRun::AwaitFirstChunk(ByteBuffer& out) {
  using State = openai_chat::StreamRelay::State;
  const uint64_t deadline = Deadline(budget_.stream_ms);
  bool ended = false;
  while (true) {
    if (relay_->chunks() > 0) co_return true;
    if (relay_->state() == State::kInBand) {
      failure_ = InBandFailure(relay_->in_band());
      co_return false;
    }
    if (relay_->state() == State::kMalformed) {
      failure_ = DecodeFailure(relay_->defect());
      co_return false;
    }
    if (ended || relay_->state() == State::kDone) {
      failure_ = AbortedFailure();
      co_return false;
    }
    const absl::StatusOr<std::string_view> bytes = co_await upstream_->Read(deadline);
    if (!bytes.ok()) {
      ExchangeFailed(bytes.status(), "reading response body", budget_.stream_ms);
      co_return false;
    }
    ended = bytes->empty();
    if (ended) {
      StreamEnded(out);
    } else {
      Take(*bytes, out);
    }
  }
}

async::Task<void> ChatRun::Relay(ByteBuffer& out) {
  using State = openai_chat::StreamRelay::State;
  http::Header call_id;
  call_id.name = "x-aisix-call-id";
  call_id.value = context_.request_id;
  if (!StartEventStream(loop_, context_, std::span<const http::Header>(&call_id, 1))) co_return;
  // No attempt can follow any more: neither prompt nor heads are needed, and an open stream is cheap.
  body_.clear();
  overridden_body_ = std::string();
  header_lines_ = std::string();
  context_.exchange.ReleaseRequest();
  upstream_->ReleaseHead();

  const uint64_t heartbeat_ms = loop_.config.sse_keepalive_interval_secs * 1000;
  uint64_t chunk_deadline = Deadline(budget_.stream_ms);
  uint64_t heartbeat = Deadline(heartbeat_ms);
  uint64_t chunks = relay_->chunks();
  while (relay_->state() == State::kOpen) {
    if (!out.empty()) {
      const absl::Status written = co_await context_.exchange.Write(out.view());
      out.Release();
      if (!written.ok()) caller_left_ = true;
      heartbeat = Deadline(heartbeat_ms);
    }
    if (caller_left_) {
      AbandonStream();
      co_return;
    }
    // The wait for a chunk begins when the caller has taken the one before: a slow reader costs no budget.
    if (chunks != relay_->chunks()) {
      chunks = relay_->chunks();
      chunk_deadline = Deadline(budget_.stream_ms);
    }
    const absl::StatusOr<std::string_view> bytes =
        co_await upstream_->Read(Earlier(chunk_deadline, heartbeat));
    if (caller_left_) {
      AbandonStream();
      co_return;
    }
    if (!bytes.ok()) {
      const bool deadline = absl::IsDeadlineExceeded(bytes.status());
      const uint64_t now = loop_.loop.NowMs();
      if (deadline && (chunk_deadline == kNever || now < chunk_deadline)) {
        out.append(kHeartbeat);
        continue;
      }
      ExchangeFailed(bytes.status(), "reading response body", budget_.stream_ms);
      co_await BreakStream(failure_->error, out);
      co_return;
    }
    if (bytes->empty()) {
      StreamEnded(out);
      if (relay_->state() == State::kOpen) CheckDoneMarker(false);
      break;
    }
    Take(*bytes, out);
  }
  if (relay_->state() == State::kInBand || relay_->state() == State::kMalformed) {
    const Error error = RelayError();
    co_await BreakStream(error, out);
    co_return;
  }
  if (relay_->state() == State::kDone) CheckDoneMarker(true);
  co_await EndStream(out);
}

Error ChatRun::RelayError() const {
  if (relay_->state() == openai_chat::StreamRelay::State::kInBand) return InBandFrameError(relay_->in_band());
  return UpstreamDecode(relay_->defect());
}

void ChatRun::CheckDoneMarker(bool done) {
  const model::StreamDoneMarker expected = plan_->stream_done_marker();
  const bool missing = expected == model::StreamDoneMarker::kRequired && !done;
  const bool unexpected = expected == model::StreamDoneMarker::kNone && done;
  if (!missing && !unexpected) return;
  const std::string_view request_id = context_.request_id;
  const std::string_view key = context_.target->provider_key->id;
  loop_.logger.Write(
      log::Level::kWarn, "aisix_proxy::chat",
      missing ? "upstream ended its stream without [DONE]"
              : "upstream ended its stream with [DONE], which response.stream_done_marker excludes",
      {{"provider_key_id", key}}, request_id);
}

async::Task<void> ChatRun::EndStream(ByteBuffer& out) {
  context_.tokens = relay_->tokens();
  context_.attempt.ended_ns = uv_hrtime();
  out.append(openai_chat::kDoneEvent);
  const absl::Status finished = co_await context_.exchange.Finish(out.view());
  out.Release();
  if (!finished.ok()) {
    AbandonStream();
    co_return;
  }
  co_await DrainUpstream();
}

async::Task<void> ChatRun::BreakStream(const Error& error, ByteBuffer& out) {
  context_.tokens = relay_->tokens();
  RecordFailure(error);
  out.append(ErrorFrame(error));
  upstream_.reset();
  const absl::Status finished = co_await context_.exchange.Finish(out.view());
  out.Release();
  if (!finished.ok()) context_.caller_left = true;
}

async::Task<void> ChatRun::DrainUpstream() {
  const uint64_t deadline = Deadline(kDrainMs);
  size_t drained = 0;
  while (!upstream_->complete() && drained < kDrainBytes) {
    const absl::StatusOr<std::string_view> bytes = co_await upstream_->Read(deadline);
    if (!bytes.ok() || bytes->empty()) break;
    drained += bytes->size();
  }
  upstream_.reset();
}

void ChatRun::AbandonStream() {
  context_.caller_left = true;
  context_.tokens = relay_->tokens();
  context_.attempt.ended_ns = uv_hrtime();
  upstream_.reset();
}

}  // namespace aisix::proxy
