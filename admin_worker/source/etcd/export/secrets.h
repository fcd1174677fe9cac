// Keeps credentials out of an exported file: each becomes a reference to an environment variable (spec 02
// §8).
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>

#include "lib/model/kind.h"

namespace aisix::admin::etcd {

class SecretVault {
 public:
  // `reveal`: values stay, escaped like every other text.
  explicit SecretVault(bool reveal) : reveal_(reveal) {}

  // Doubles every `$` in the string values of a document, so that the file's interpolation gives them back,
  // and replaces its credentials by "${AISIXSECRET_…}".
  void Treat(model::Kind kind, std::string_view identity, nlohmann::json& document);

  // The variables that have to be set before the file can be loaded, with their values.
  const std::map<std::string, std::string>& variables() const { return variables_; }

 private:
  void HideSecrets(model::Kind kind, std::string_view identity, nlohmann::json& document);
  void Escape(nlohmann::json& value) const;
  // `field`: how the member is named in the variable.
  void Hide(std::string_view kind, std::string_view identity, std::string_view field, nlohmann::json& value);
  void HideStrings(std::string_view kind, std::string_view identity, const std::string& field,
                   nlohmann::json& value);
  void HideMembers(std::string_view kind, std::string_view identity, nlohmann::json& value);

  const bool reveal_;
  std::map<std::string, std::string> variables_;
  std::set<std::string> references_;  // "${…}" to them
};

}  // namespace aisix::admin::etcd
