// Decoding by kind, for code that only wants to know whether a document decodes.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "absl/status/status.h"
#include "lib/model/kind.h"

namespace aisix::model {

// OK when the typed decoder of `kind` accepts `document`; else its error.
absl::Status CheckDecodes(Kind kind, const nlohmann::json& document);

// Gives members with two spellings their canonical name: `secret` of a provider key becomes `api_key`, the
// `display_name` of a server, agent or route becomes `name` (spec 03 §1.5). Only for documents that decode.
void UseCanonicalNames(Kind kind, nlohmann::json& document);
// Whether UseCanonicalNames would change it.
bool HasOtherNames(Kind kind, const nlohmann::json& document);

}  // namespace aisix::model
