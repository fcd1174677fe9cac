#include "proxy_worker/dialects/openai_chat/overrides.h"

#include <algorithm>

#include "lib/json/splice.h"
#include "lib/json/text.h"
#include "lib/json/writer.h"

namespace aisix::proxy::openai_chat {
namespace {

using json::Kind;

// A top-level member on its way. `name` is the key without escapes; `raw_key` and `value` are JSON text.
struct Member {
  std::string name;
  std::string raw_key;
  std::string_view value;
};

class Overrider {
 public:
  Overrider(json::Reader& reader, std::string_view body, const BodyOverrides& overrides)
      : reader_(reader), body_(body), overrides_(overrides) {}

  bool Run(std::string_view upstream_model, bool add_stream_options, std::string& out) {
    if (!ReadMembers()) return false;
    if (Member* model = Find("model")) model->value = upstream_model;
    if (add_stream_options) {
      members_.push_back(Member{"stream_options", "\"stream_options\"", "{\"include_usage\":true}"});
    }
    for (const auto& [from, to] : overrides_.renames) Rename(from, to);
    Clamp();
    for (const auto& [name, value] : overrides_.defaults) {
      if (Find(name) == nullptr) members_.push_back(Member{name, Quoted(name), value});
    }
    if (overrides_.flatten_content && !Flatten()) return false;
    Write(out);
    return true;
  }

 private:
  static std::string Quoted(std::string_view name) {
    std::string quoted;
    json::AppendString(quoted, name);
    return quoted;
  }

  bool IsOverridden(std::string_view name) const {
    const auto renamed = [&](const auto& pair) { return pair.first == name || pair.second == name; };
    const auto added = [&](const auto& pair) { return pair.first == name; };
    return name == "temperature" ||
           std::any_of(overrides_.renames.begin(), overrides_.renames.end(), renamed) ||
           std::any_of(overrides_.defaults.begin(), overrides_.defaults.end(), added);
  }

  bool ReadMembers() {
    if (!reader_.Start(body_) || !reader_.EnterObject()) return false;
    json::Key key;
    while (reader_.NextMember(key)) {
      Member member;
      member.raw_key = key.span.of(body_);
      if (!key.escaped) {
        member.name = key.text;
      } else if (!json::AppendUnescaped(member.name, key.text)) {
        member.name.clear();  // no name that a configuration could hold
      }
      if (IsOverridden(member.name) && (key.escaped || Find(member.name) != nullptr)) return false;
      member.value = reader_.Read().span.of(body_);
      members_.push_back(std::move(member));
    }
    return reader_.Finish();
  }

  Member* Find(std::string_view name) {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const Member& member) { return member.name == name; });
    return found == members_.end() ? nullptr : &*found;
  }

  void Rename(const std::string& from, const std::string& to) {
    Member* source = from == to ? nullptr : Find(from);
    if (source == nullptr) return;
    source->name = to;
    source->raw_key = Quoted(to);
    const Member* const kept = source;
    std::vector<Member> others;
    others.reserve(members_.size());
    for (Member& member : members_) {
      if (&member == kept || member.name != to) others.push_back(std::move(member));
    }
    members_ = std::move(others);
  }

  void Clamp() {
    Member* member = Find("temperature");
    if (member == nullptr || member->value.empty()) return;
    if (member->value[0] != '-' && (member->value[0] < '0' || member->value[0] > '9')) return;
    double value = json::ParseDouble(member->value);
    const double before = value;
    if (overrides_.temperature_max && value > *overrides_.temperature_max)
      value = *overrides_.temperature_max;
    if (overrides_.temperature_min && value < *overrides_.temperature_min)
      value = *overrides_.temperature_min;
    if (value == before) return;
    temperature_.clear();
    json::Writer(temperature_).Double(value);
    member->value = temperature_;
  }

  // Replaces each `messages[].content` that is an array with text parts by their texts.
  bool Flatten() {
    Member* messages = Find("messages");
    if (messages == nullptr || !reader_.Start(messages->value)) return true;
    const std::string_view source = messages->value;
    std::vector<std::pair<json::Span, std::string>> texts;
    if (!reader_.EnterArray()) return true;  // something else was renamed to `messages`
    json::Key key;
    while (reader_.NextElement()) {
      if (!reader_.EnterObject()) {
        reader_.Skip();
        continue;
      }
      while (reader_.NextMember(key)) {
        if (!key.Is("content") || reader_.Peek() != Kind::kArray) {
          reader_.Skip();
          continue;
        }
        const size_t from = reader_.position();
        std::string text;
        const bool any = ReadParts(text);
        if (any) texts.emplace_back(json::Span{from, reader_.last_end() - from}, Quoted(text));
      }
    }
    if (!reader_.Finish()) return false;
    json::Splice splice;
    for (const auto& [span, text] : texts) splice.Replace(span, text);
    messages_.clear();
    splice.AppendText(messages_, source);
    messages->value = messages_;
    return true;
  }

  // Consumes a content array; true when it has a text part.
  bool ReadParts(std::string& text) {
    bool any = false;
    if (!reader_.EnterArray()) return false;
    json::Key key;
    while (reader_.NextElement()) {
      if (!reader_.EnterObject()) {
        reader_.Skip();
        continue;
      }
      json::Value type, value;
      while (reader_.NextMember(key)) {
        if (key.Is("type")) {
          type = reader_.Read();
        } else if (key.Is("text")) {
          value = reader_.Read();
        } else {
          reader_.Skip();
        }
      }
      if (type.kind != Kind::kString || type.content(reader_.text()) != "text") continue;
      if (value.kind != Kind::kString) continue;
      any = true;
      // Half a surrogate pair is no text; it cannot be joined to its neighbours either.
      if (!json::AppendUnescaped(text, value.content(reader_.text()))) text.append("\xEF\xBF\xBD");
    }
    return any;
  }

  void Write(std::string& out) const {
    out.clear();
    out.reserve(body_.size() + 256);
    out.push_back('{');
    for (const Member& member : members_) {
      if (out.size() > 1) out.push_back(',');
      out.append(member.raw_key).push_back(':');
      out.append(member.value);
    }
    out.push_back('}');
  }

  json::Reader& reader_;
  const std::string_view body_;
  const BodyOverrides& overrides_;
  std::vector<Member> members_;
  std::string temperature_;
  std::string messages_;
};

}  // namespace

bool ApplyOverrides(json::Reader& reader, std::string_view body, std::string_view upstream_model,
                    bool add_stream_options, const BodyOverrides& overrides, std::string& out) {
  return Overrider(reader, body, overrides).Run(upstream_model, add_stream_options, out);
}

}  // namespace aisix::proxy::openai_chat
