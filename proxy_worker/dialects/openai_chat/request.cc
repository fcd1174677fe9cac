#include "proxy_worker/dialects/openai_chat/request.h"

#include "lib/json/text.h"

namespace aisix::proxy::openai_chat {
namespace {

using json::Kind;
using json::Value;

// Notes which members of one object were seen. A key that is written with escapes, or comes again, is
// refused.
class SeenMembers {
 public:
  bool Accept(const json::Key& key, unsigned member) {
    const bool fresh = (seen_ & 1u << member) == 0;
    seen_ |= 1u << member;
    return fresh && !key.escaped;
  }
  bool Has(unsigned member) const { return (seen_ & 1u << member) != 0; }

 private:
  unsigned seen_ = 0;
};

class RequestReader {
 public:
  RequestReader(json::Reader& reader, RequestView& view) : reader_(reader), view_(view) {}

  bool Read() {
    if (!reader_.EnterObject()) return false;
    json::Key key;
    while (reader_.NextMember(key)) {
      if (!ReadMember(key)) return false;
    }
    return reader_.Finish() && seen_.Has(kModel) && seen_.Has(kMessages);
  }

 private:
  enum Member : unsigned { kModel, kMessages, kStream, kStreamOptions, kTemperature, kTopP, kMaxTokens };

  bool ReadMember(const json::Key& key) {
    if (key.Is("messages")) return seen_.Accept(key, kMessages) && ReadMessages();
    if (key.Is("model")) {
      if (!seen_.Accept(key, kModel)) return false;
      view_.model = reader_.Read();
      return view_.model.kind == Kind::kString;
    }
    if (key.Is("stream")) {
      if (!seen_.Accept(key, kStream)) return false;
      const Kind kind = reader_.Read().kind;
      view_.stream = kind == Kind::kTrue;
      return kind == Kind::kTrue || kind == Kind::kFalse || kind == Kind::kNull;
    }
    if (key.Is("stream_options")) return seen_.Accept(key, kStreamOptions) && ReadStreamOptions();
    if (key.Is("temperature")) return seen_.Accept(key, kTemperature) && ReadNumber();
    if (key.Is("top_p")) return seen_.Accept(key, kTopP) && ReadNumber();
    if (key.Is("max_tokens")) return seen_.Accept(key, kMaxTokens) && ReadMaxTokens();
    reader_.Skip();
    return true;
  }

  bool ReadNumber() {
    const Kind kind = reader_.Read().kind;
    return kind == Kind::kNumber || kind == Kind::kNull;
  }

  bool ReadMaxTokens() {
    const Value value = reader_.Read();
    uint64_t count = 0;
    return value.kind == Kind::kNull ||
           (value.kind == Kind::kNumber && json::ParseUnsigned(value.span.of(reader_.text()), count) &&
            count <= UINT32_MAX);
  }

  // Anything is accepted; only `include_usage` of an object is read.
  bool ReadStreamOptions() {
    view_.has_stream_options = true;
    if (!reader_.EnterObject()) {
      reader_.Skip();
      return true;
    }
    SeenMembers seen;
    json::Key key;
    while (reader_.NextMember(key)) {
      if (!key.Is("include_usage")) {
        reader_.Skip();
      } else if (seen.Accept(key, 0)) {
        view_.include_usage = reader_.Read().kind == Kind::kTrue;
      } else {
        return false;
      }
    }
    return true;
  }

  bool ReadMessages() {
    const size_t from = reader_.position();
    if (!reader_.EnterArray()) return false;
    while (reader_.NextElement()) {
      view_.has_messages = true;
      if (!ReadMessage()) return false;
    }
    view_.messages.kind = Kind::kArray;
    view_.messages.span = json::Span{from, reader_.last_end() - from};
    return true;
  }

  bool ReadMessage() {
    enum : unsigned { kRole, kContent, kName, kToolCallId };
    if (!reader_.EnterObject()) return false;
    SeenMembers seen;
    json::Key key;
    while (reader_.NextMember(key)) {
      if (key.Is("role")) {
        if (!seen.Accept(key, kRole) || !ReadRole()) return false;
      } else if (key.Is("content")) {
        if (!seen.Accept(key, kContent)) return false;
        reader_.Skip();
      } else if (key.Is("name")) {
        if (!seen.Accept(key, kName) || !ReadOptionalString()) return false;
      } else if (key.Is("tool_call_id")) {
        if (!seen.Accept(key, kToolCallId) || !ReadOptionalString()) return false;
      } else {
        reader_.Skip();
      }
    }
    return seen.Has(kRole);
  }

  bool ReadRole() {
    const Value value = reader_.Read();
    if (value.kind != Kind::kString) return false;
    std::string plain;
    std::string_view role = value.content(reader_.text());
    if (value.escaped) {
      if (!json::AppendUnescaped(plain, role)) return false;
      role = plain;
    }
    return role == "user" || role == "assistant" || role == "system" || role == "tool" || role == "developer";
  }

  bool ReadOptionalString() {
    const Kind kind = reader_.Read().kind;
    return kind == Kind::kString || kind == Kind::kNull;
  }

  json::Reader& reader_;
  RequestView& view_;
  SeenMembers seen_;
};

}  // namespace

bool RequestView::UnescapeModel(std::string_view body, std::string& plain) const {
  return json::AppendUnescaped(plain, model.content(body));
}

bool ReadRequest(json::Reader& reader, std::string_view body, RequestView& view) {
  view = RequestView();
  if (!reader.Start(body) || !RequestReader(reader, view).Read()) return false;
  if (!view.model.escaped) return true;
  std::string plain;
  return json::AppendUnescaped(plain, view.model.content(body));
}

void EditRequest(const RequestView& view, std::string_view upstream_model, json::Splice& splice) {
  splice.Replace(view.model.span, upstream_model);
  if (view.stream && !view.has_stream_options) splice.Insert(view.model.span.end(), kAddedStreamOptions);
}

}  // namespace aisix::proxy::openai_chat
