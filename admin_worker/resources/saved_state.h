// What a restarted admin worker finds in the state file (DESIGN §1.4), in the format of the snapshot cache
// (spec 02 §6) with the state of the status beside it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "admin_worker/resources/configuration.h"

namespace aisix::admin {

struct SavedState {
  Configuration configuration;
  nlohmann::json status;  // ConfigStatus::Save
};

std::string EncodeState(const Configuration& configuration, const nlohmann::json& status);
// nullopt when the text is not such a state, or of another version.
std::optional<SavedState> DecodeState(std::string_view text);

}  // namespace aisix::admin
