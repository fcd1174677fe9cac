#include "admin_worker/resources/canonical_json.h"

#include <nlohmann/json.hpp>

namespace aisix::admin {

std::string CanonicalJson(const nlohmann::json& value) {
  // nlohmann::json keeps members in a std::map<std::string>, whose order is that of the bytes.
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace aisix::admin
