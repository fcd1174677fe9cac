#include "proxy_worker/dialects/openai_chat/stream.h"

#include "lib/json/text.h"

namespace aisix::proxy::openai_chat {
namespace {

// A chunk may carry an image or a sound.
constexpr size_t kMaxEventBytes = 32 * 1024 * 1024;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

// Appends `text` as the data of an event: one line for each of its lines.
void AppendData(std::string_view text, ByteBuffer& out) {
  while (true) {
    const size_t end = text.find('\n');
    out.append("data: ");
    out.append(text.substr(0, end));
    out.append("\n");
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// Appends the lines of an event that are not data.
void AppendOtherLines(std::string_view bytes, ByteBuffer& out) {
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    const bool data = line.starts_with("data") && (line.size() == 4 || line[4] == ':');
    if (!line.empty() && !data) {
      out.append(line);
      out.append("\n");
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
}

}  // namespace

StreamRelay::StreamRelay(json::Reader& reader, ReplyScratch& scratch, async::BufferPool& pool,
                         const StreamRules& rules, StreamObserver& observer)
    : reader_(reader),
      scratch_(scratch),
      scanner_(pool, kMaxEventBytes),
      pattern_(pool, rules.model),
      rules_(rules),
      observer_(observer) {}

StreamRelay::State StreamRelay::Feed(std::string_view bytes, int64_t now_seconds, ByteBuffer& out) {
  if (state_ != State::kOpen || bytes.empty()) return state_;
  scanner_.Feed(bytes);
  // The caller's name of the model may be longer than the provider's.
  out.Expect(out.size() + bytes.size() + bytes.size() / 8);
  sse::Event event;
  while (state_ == State::kOpen) {
    if (RelayAsBefore(out)) continue;
    if (!scanner_.Next(event)) break;
    Take(event, now_seconds, true, out);
  }
  if (state_ == State::kOpen && scanner_.overflow()) {
    state_ = State::kMalformed;
    defect_ = "event too large";
  }
  return state_;
}

StreamRelay::State StreamRelay::End(int64_t now_seconds, ByteBuffer& out) {
  sse::Event event;
  if (state_ == State::kOpen && scanner_.Last(event)) Take(event, now_seconds, false, out);
  return state_;
}

void StreamRelay::Terminate(const sse::Event& event, ByteBuffer& out) {
  out.append(event.bytes.ends_with('\n') || event.bytes.ends_with('\r') ? "\n" : "\n\n");
}

void StreamRelay::Take(const sse::Event& event, int64_t now_seconds, bool complete, ByteBuffer& out) {
  // The LF of a CR LF that was cut in two goes the way of its event.
  if (event.prefix == 1 && previous_forwarded_) out.append("\n");
  const std::string_view bytes = event.bytes.substr(event.prefix);
  previous_forwarded_ = true;
  std::string_view payload = event.data;
  if (event.data_lines > 1) {
    sse::JoinData(event.bytes, scratch_.joined);
    payload = scratch_.joined;
  }
  const std::string_view trimmed = Trim(payload);
  if (event.data_lines == 0 || trimmed.empty()) {
    if (!complete && Trim(bytes).starts_with('{')) {
      // A JSON document where a stream was due: an error that came with 200, or nothing that can be read.
      Fail(Trim(bytes), "a JSON document instead of an event stream");
      return;
    }
    // Comments and blank lines. A comment without its line end is not one yet.
    if (complete) out.append(bytes);
    return;
  }
  if (trimmed == "[DONE]") {
    state_ = State::kDone;
    pattern_.Forget();
    return;
  }
  TakeChunk(event, payload, now_seconds, complete, out);
}

bool StreamRelay::RelayAsBefore(ByteBuffer& out) {
  const size_t size = pattern_.Relay(scanner_.Ahead(), out);
  if (size == 0) return false;
  scanner_.Skip(size);
  ++chunks_;
  ++forwarded_;
  return true;
}

bool StreamRelay::ReadPayload(std::string_view& payload) {
  const ReasoningPath& path = *rules_.reasoning_path;
  if (ReadReply(reader_, payload, ReplyForm::kChunk, path, scratch_.view)) return true;
  if (scratch_.view.valid_json) return false;
  std::string repaired = json::ReplaceInvalidUtf8(payload);
  if (repaired == payload) return false;
  scratch_.joined = std::move(repaired);
  payload = scratch_.joined;
  return ReadReply(reader_, payload, ReplyForm::kChunk, path, scratch_.view);
}

void StreamRelay::TakeChunk(const sse::Event& event, std::string_view payload, int64_t now_seconds,
                            bool complete, ByteBuffer& out) {
  if (!ReadPayload(payload)) {
    Fail(payload, scratch_.view.valid_json ? scratch_.view.defect : "malformed chunk: invalid JSON");
    return;
  }
  ++chunks_;
  Record(payload);
  const bool as_it_came = payload.data() == event.data.data();
  if (as_it_came && complete) {
    pattern_.Learn(event, reader_, scratch_.view, scratch_.strings);
  } else {
    pattern_.Forget();
  }
  const std::string_view bytes = event.bytes.substr(event.prefix);
  if (!rules_.forward_usage_only && scratch_.view.UsageOnly()) {
    previous_forwarded_ = false;
    return;
  }
  ++forwarded_;
  scratch_.splice.Clear();
  scratch_.edits.model = rules_.model;
  EditReply(scratch_.view, payload, ReplyForm::kChunk, now_seconds, scratch_.edits, scratch_.splice);
  if (as_it_came) {
    const char* const end = bytes.data() + bytes.size();
    out.append({bytes.data(), static_cast<size_t>(payload.data() - bytes.data())});
    scratch_.splice.AppendText(out, payload);
    const char* const rest = payload.data() + payload.size();
    out.append({rest, static_cast<size_t>(end - rest)});
    if (!complete) Terminate(event, out);
    return;
  }
  // The payload was put together elsewhere, so the event is written anew.
  AppendOtherLines(bytes, out);
  std::string edited;
  scratch_.splice.AppendText(edited, payload);
  AppendData(edited, out);
  out.append("\n");
}

void StreamRelay::Record(std::string_view payload) {
  const auto text = [&](const json::Value& value) -> std::string_view {
    if (value.kind != json::Kind::kString) return {};
    if (!value.escaped) return value.content(payload);
    scratch_.unescaped.clear();
    return json::AppendUnescaped(scratch_.unescaped, value.content(payload))
               ? std::string_view(scratch_.unescaped)
               : std::string_view();
  };
  if (const std::string_view id = text(scratch_.view.id); !id.empty()) observer_.OnId(id);
  if (const std::string_view model = text(scratch_.view.model); !model.empty()) observer_.OnModel(model);
  if (const std::string_view reason = text(scratch_.view.finish_reason); !reason.empty()) {
    observer_.OnFinishReason(reason);
  }
  if (!scratch_.view.usage.present) return;
  usage_known_ = true;
  tokens_.RaiseTo(scratch_.view.usage.tokens);
}

void StreamRelay::Fail(std::string_view payload, std::string_view defect) {
  defect_ = defect;
  if (auto error = ReadInBandError(reader_, payload)) {
    in_band_ = std::move(*error);
    state_ = State::kInBand;
    return;
  }
  state_ = State::kMalformed;
}

}  // namespace aisix::proxy::openai_chat
