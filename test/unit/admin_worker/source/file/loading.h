// Loads a text as a resources file.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "admin_worker/source/file/entry.h"
#include "admin_worker/source/file/load.h"

namespace aisix::admin::file {

inline std::variant<LoadedFile, LoadReport> LoadText(const std::string& text,
                                                     const Variables& variables = {}) {
  static const SchemaCatalog schemas;
  return LoadFile("r.yaml", absl::StatusOr<std::string>(text), variables, schemas);
}

// "scope: message" of every error.
inline std::vector<std::string> Errors(const std::string& text, const Variables& variables = {}) {
  const auto result = LoadText(text, variables);
  std::vector<std::string> errors;
  if (const auto* report = std::get_if<LoadReport>(&result)) {
    for (const LoadError& error : report->errors) errors.push_back(error.scope + ": " + error.message);
  }
  return errors;
}

// The same behind the format version.
inline std::vector<std::string> BodyErrors(const std::string& body, const Variables& variables = {}) {
  return Errors("_format_version: \"1\"\n" + body, variables);
}

// The accepted document of an entry; discarded when the file was refused or has no such entry.
inline nlohmann::json Accepted(const std::string& body, model::Kind kind, const std::string& identity,
                               const Variables& variables = {}) {
  const auto result = LoadText("_format_version: \"1\"\n" + body, variables);
  if (const auto* report = std::get_if<LoadReport>(&result)) {
    ADD_FAILURE() << report->ToString();
    return nlohmann::json::value_t::discarded;
  }
  const auto& documents = std::get<LoadedFile>(result).documents;
  const DocumentValue* document = documents.Find(kind, DeriveId(kind, identity));
  if (document == nullptr) return nlohmann::json::value_t::discarded;
  return nlohmann::json::parse(document->json());
}

}  // namespace aisix::admin::file
