#include "proxy_worker/dialects/openai_chat/reply.h"

#include <utility>

namespace aisix::proxy::openai_chat {
namespace {

constexpr std::string_view kReasoningMember = ",\"reasoning_content\":";

void Clear(ReplyView& view) {
  view.valid_json = false;
  view.defect = {};
  view.id = view.model = view.error = view.finish_reason = json::Value();
  view.model_values.clear();
  view.reasoning.clear();
  view.unread.clear();
  view.usage.present = view.usage.malformed = view.usage.from_hits = false;
  view.has_object = view.has_created = false;
  view.delta_empty = true;
  view.first_member = 0;
}

class ReplyReader {
 public:
  ReplyReader(json::Reader& reader, ReplyForm form, const ReasoningPath& path, ReplyView& view)
      : reader_(reader), whole_(form == ReplyForm::kWhole), path_(path), view_(view) {}

  void ReadTop() {
    if (!reader_.EnterObject()) {
      reader_.Skip();
      Defect("invalid type: expected an object");
      return;
    }
    view_.first_member = reader_.last_end();
    bool has_choices = false;
    json::Key key;
    while (reader_.NextMember(key)) {
      if (key.Is("id")) {
        view_.id = ReadString("invalid type: `id` is no string");
      } else if (key.Is("model")) {
        view_.model = ReadString("invalid type: `model` is no string");
        view_.model_values.push_back(view_.model.span);
      } else if (key.Is("choices")) {
        has_choices = true;
        ReadChoices();
      } else if (key.Is("usage")) {
        ReadUsage(reader_, view_.usage);
        if (whole_ && view_.usage.malformed) Defect("invalid type: `usage` holds no counter");
      } else if (key.Is("object")) {
        view_.has_object = true;
        Skip();
      } else if (key.Is("created")) {
        view_.has_created = true;
        Skip();
      } else if (key.Is("error")) {
        view_.error = reader_.Read();
      } else {
        Skip();
      }
    }
    if (view_.id.kind == json::Kind::kInvalid) Defect("missing field `id`");
    if (view_.model.kind == json::Kind::kInvalid) Defect("missing field `model`");
    if (!has_choices) Defect("missing field `choices`");
  }

 private:
  void Defect(std::string_view what) {
    if (view_.defect.empty()) view_.defect = what;
  }

  void Skip() {
    if (whole_) {
      reader_.Skip();
      return;
    }
    const size_t from = reader_.position();
    reader_.Skip();
    AddUnread(json::Span{from, reader_.last_end() - from});
  }

  void AddUnread(json::Span span) {
    if (whole_) return;
    auto& unread = view_.unread;
    unread.push_back(span);
    for (size_t i = unread.size() - 1; i > 0 && unread[i - 1].offset > span.offset; --i) {
      std::swap(unread[i - 1], unread[i]);
    }
  }

  json::Value ReadString(std::string_view otherwise) {
    const json::Value value = reader_.Read();
    if (value.kind != json::Kind::kString) Defect(otherwise);
    return value;
  }

  void ReadChoices() {
    if (!reader_.EnterArray()) {
      reader_.Skip();
      Defect("invalid type: `choices` is no array");
      return;
    }
    while (reader_.NextElement()) ReadChoice();
  }

  void ReadChoice() {
    if (!reader_.EnterObject()) {
      reader_.Skip();
      Defect("invalid type: a choice is no object");
      return;
    }
    bool has_body = false;
    json::Key key;
    while (reader_.NextMember(key)) {
      if (whole_ ? key.Is("message") : key.Is("delta")) {
        has_body = true;
        ReadBody();
      } else if (key.Is("finish_reason")) {
        const json::Value value = reader_.Read();
        if (view_.finish_reason.kind == json::Kind::kInvalid && value.kind != json::Kind::kNull) {
          view_.finish_reason = value;
        }
      } else {
        Skip();
      }
    }
    if (!has_body) Defect(whole_ ? "missing field `message`" : "missing field `delta`");
  }

  // A `message` or `delta`.
  void ReadBody() {
    if (!reader_.EnterObject()) {
      reader_.Skip();
      Defect(whole_ ? "invalid type: `message` is no object" : "invalid type: `delta` is no object");
      return;
    }
    reasoning_.Clear();
    bool has_role = false;
    const auto& path = path_.segments();
    json::Key key;
    while (reader_.NextMember(key)) {
      if (view_.delta_empty && reader_.Peek() != json::Kind::kNull) view_.delta_empty = false;
      if (!whole_ && !path.empty() && key.Is(path.front())) {
        // The configured member may be `reasoning` itself.
        if (path.size() == 1) {
          reasoning_.configured = reader_.Read();
          if (key.Is("reasoning")) reasoning_.reasoning = reasoning_.configured;
        } else {
          FindReasoning(reader_, path, 1, reasoning_.configured);
        }
      } else if (key.Is("reasoning_content")) {
        reasoning_.reasoning_content = reader_.Read();
      } else if (key.Is("reasoning")) {
        reasoning_.reasoning = reader_.Read();
      } else if (whole_ && key.Is("role")) {
        has_role = true;
        ReadString("invalid type: `role` is no string");
      } else {
        Skip();
      }
    }
    reasoning_.end = reader_.last_end() - 1;
    // It matters only beside another place for the same.
    if (path.empty() && reasoning_.reasoning.kind == json::Kind::kInvalid &&
        reasoning_.reasoning_content.kind != json::Kind::kInvalid) {
      AddUnread(reasoning_.reasoning_content.span);
    }
    if (reasoning_.Source() != nullptr) view_.reasoning.push_back(reasoning_);
    if (whole_ && !has_role) Defect("missing field `role`");
  }

  json::Reader& reader_;
  const bool whole_;
  const ReasoningPath& path_;
  ReplyView& view_;
  ReasoningView reasoning_;
};

}  // namespace

bool ReadReply(json::Reader& reader, std::string_view text, ReplyForm form, const ReasoningPath& path,
               ReplyView& view) {
  Clear(view);
  if (!reader.Start(text)) return false;
  ReplyReader(reader, form, path, view).ReadTop();
  view.valid_json = reader.Finish();
  return view.ok();
}

void EditReply(const ReplyView& view, std::string_view text, ReplyForm form, int64_t now_seconds,
               ReplyEdits& edits, json::Splice& splice) {
  if (!view.has_object || !view.has_created) {
    edits.defaults.clear();
    if (!view.has_object) {
      edits.defaults.append(form == ReplyForm::kWhole ? "\"object\":\"chat.completion\","
                                                      : "\"object\":\"chat.completion.chunk\",");
    }
    if (!view.has_created) {
      edits.defaults.append("\"created\":").append(std::to_string(now_seconds)).push_back(',');
    }
    splice.Insert(view.first_member, edits.defaults);
  }
  for (const json::Span& value : view.model_values) splice.Replace(value, edits.model);
  for (const ReasoningView& reasoning : view.reasoning) {
    const std::string_view source = reasoning.Source()->span.of(text);
    if (reasoning.reasoning_content.kind != json::Kind::kInvalid) {
      splice.Replace(reasoning.reasoning_content.span, source);
    } else {
      splice.Insert(reasoning.end, kReasoningMember);
      splice.Insert(reasoning.end, source);
    }
  }
  if (view.usage.present) AddCachedTokens(view.usage, edits.cached, splice);
}

}  // namespace aisix::proxy::openai_chat
