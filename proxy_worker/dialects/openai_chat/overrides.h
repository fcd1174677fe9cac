// The body overrides of a provider key (spec 05 §8.2, 07 §2.4): renames, clamp, defaults, flattened content.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/json/reader.h"

namespace aisix::proxy::openai_chat {

// A value; empty: nothing is overridden.
struct BodyOverrides {
  std::vector<std::pair<std::string, std::string>> renames;   // from, to
  std::vector<std::pair<std::string, std::string>> defaults;  // name, JSON text
  std::optional<double> temperature_max, temperature_min;
  bool flatten_content = false;

  bool empty() const {
    return renames.empty() && defaults.empty() && !temperature_max && !temperature_min && !flatten_content;
  }
};

// Writes `body`, which ReadRequest has accepted, with another model (a JSON string), `stream_options` when
// `add_stream_options`, and the overrides, to `out`. Values that are not overridden keep their bytes. False:
// a member that is overridden is given twice or with an escaped key.
bool ApplyOverrides(json::Reader& reader, std::string_view body, std::string_view upstream_model,
                    bool add_stream_options, const BodyOverrides& overrides, std::string& out);

}  // namespace aisix::proxy::openai_chat
