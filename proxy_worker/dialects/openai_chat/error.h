// Errors as providers of this dialect write them (spec 05 §6.2, §6.4, 07 §3.2–3.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/json/reader.h"

namespace aisix::proxy::openai_chat {

// Strings are cut to 1024 bytes, "…" appended then. Empty: not given.
struct ProviderError {
  std::string message;
  std::string type;
  std::string code;
  std::string param;
  std::optional<int> status;  // in-band only: a numeric code in 400–599
};

// At most 1024 bytes of `text`, cut between characters, with "…" behind it when something was cut; bytes that
// are no UTF-8 are replaced.
std::string Excerpt(std::string_view text);

// The error in the body of a non-2xx answer: `{"error":{…}}` whose message, type, code and param are strings
// or null. nullopt: the body is something else.
std::optional<ProviderError> ReadErrorBody(json::Reader& reader, std::string_view body);

// The error in an event of a 2xx stream: an `error` that is an object or a string. nullopt: there is none.
std::optional<ProviderError> ReadInBandError(json::Reader& reader, std::string_view payload);

}  // namespace aisix::proxy::openai_chat
