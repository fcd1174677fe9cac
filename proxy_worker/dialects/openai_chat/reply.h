// What the gateway reads in a reply of this dialect, a whole one or one chunk of a stream, and the edits that
// it makes before the caller gets it (spec 00, 05 §10.1–10.3, 07 §4.2–4.3). Everything else passes unread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "lib/json/reader.h"
#include "lib/json/splice.h"
#include "proxy_worker/dialects/openai_chat/reasoning.h"
#include "proxy_worker/dialects/openai_chat/usage.h"

namespace aisix::proxy::openai_chat {

enum class ReplyForm : uint8_t { kWhole, kChunk };

// Positions refer to the text that was read. Reuse one view for many chunks.
struct ReplyView {
  bool valid_json = false;
  // Why it is no reply although it is JSON; empty: it is one.
  std::string_view defect;

  json::Value id;
  json::Value model;                                // the last one
  json::Value error;                                // an `error` member, whatever else there is
  json::Value finish_reason;                        // of the first choice that has one
  absl::InlinedVector<json::Span, 1> model_values;  // of every `model` member
  absl::InlinedVector<ReasoningView, 1> reasoning;  // of the choices that need a copy
  // Chunks only: ascending, the values whose content was not looked at, but for their kind. What will be read
  // or edited must not be in it (chunk_pattern.h).
  absl::InlinedVector<json::Span, 16> unread;
  UsageView usage;
  bool has_object = false;
  bool has_created = false;
  bool delta_empty = true;  // no choice has a member with a value in its delta
  size_t first_member = 0;  // offset behind the opening brace

  bool ok() const { return valid_json && defect.empty(); }
  // Has `usage`, and no delta and no finish reason (spec 05 §10.3).
  bool UsageOnly() const {
    return usage.present && delta_empty && finish_reason.kind == json::Kind::kInvalid;
  }
};

// Reads `text`. False when it is not ok(). Chunks tolerate broken counters in `usage`; a whole reply with
// such is defective.
bool ReadReply(json::Reader& reader, std::string_view text, ReplyForm form, const ReasoningPath& path,
               ReplyView& view);

// The texts that edits refer to; must live as long as the splice is used.
struct ReplyEdits {
  std::string_view model;  // the caller's name as a JSON string, with quotes
  std::string defaults;    // written by EditReply
  std::string cached;      // written by EditReply
};

// Puts the edits of a reply that is ok() into `splice`.
void EditReply(const ReplyView& view, std::string_view text, ReplyForm form, int64_t now_seconds,
               ReplyEdits& edits, json::Splice& splice);

}  // namespace aisix::proxy::openai_chat
