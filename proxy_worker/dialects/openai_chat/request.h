// A chat request in this dialect: what the gateway reads of it, and the edits before a provider gets it
// (spec 00, 05 §4.2, §8.1, 07 §2.4, §4.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/json/reader.h"
#include "lib/json/splice.h"

namespace aisix::proxy::openai_chat {

// Positions refer to the body.
struct RequestView {
  json::Value model;
  json::Value messages;
  bool stream = false;
  bool has_stream_options = false;
  bool include_usage = false;  // `stream_options.include_usage` is true
  bool has_messages = false;   // the array is not empty

  // The model's name, appended to `out` (anything with Append(string_view)) without escapes.
  template <typename Text>
  bool AppendModel(std::string_view body, Text& out) const {
    if (!model.escaped) {
      out.Append(model.content(body));
      return true;
    }
    std::string plain;
    if (!UnescapeModel(body, plain)) return false;
    out.Append(plain);
    return true;
  }

 private:
  bool UnescapeModel(std::string_view body, std::string& plain) const;
};

// Validates the whole body and reads the members that the gateway needs. False: it is no JSON, a member has
// the wrong type, `model` or `messages` is missing, or a member that the gateway reads is given twice or with
// an escaped key (gateway and provider must not read two different requests). An empty `messages` is not
// refused here: see has_messages.
bool ReadRequest(json::Reader& reader, std::string_view body, RequestView& view);

// `,"stream_options":…` as it is added to streams whose caller did not say anything about usage.
inline constexpr std::string_view kAddedStreamOptions = ",\"stream_options\":{\"include_usage\":true}";

// The plain edits: another model (a JSON string with quotes, borrowed), and usage asked for on streams.
void EditRequest(const RequestView& view, std::string_view upstream_model, json::Splice& splice);

}  // namespace aisix::proxy::openai_chat
