#include "admin_worker/resources/saved_state.h"

#include <fmt/format.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/secret.h"
#include "lib/json/writer.h"

namespace aisix::admin {
namespace {

constexpr int kVersion = 1;

// "models/6efd…": kind and id of an entry.
std::optional<DocumentKey> ParseKey(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<model::Kind> kind = model::KindFromCollection(text.substr(0, slash));
  if (!kind) return std::nullopt;
  return DocumentKey{*kind, std::string(text.substr(slash + 1))};
}

}  // namespace

std::string EncodeState(const Configuration& configuration, const nlohmann::json& status) {
  // Written without a tree in between and without growing: it may be a hundred megabytes.
  size_t size = 4096;
  configuration.documents.ForEach([&](model::Kind kind, const std::string& id, const DocumentPtr& value) {
    size += model::CollectionName(kind).size() + id.size() + value->json().size() * 4 / 3 + 80;
  });
  std::string state;
  state.reserve(size);
  json::Writer writer(state);
  writer.BeginObject();
  writer.Key("version").Int(kVersion);
  writer.Key("revision").Int(configuration.generation);
  writer.Member("config_hash", configuration.config_hash);
  writer.Key("entries").BeginArray();
  configuration.documents.ForEach([&](model::Kind kind, const std::string& id, const DocumentPtr& value) {
    writer.BeginObject();
    writer.Member("key", fmt::format("{}/{}", model::CollectionName(kind), id));
    std::string encoded = crypto::Base64Encode(value->json());
    writer.Member("value_b64", encoded);
    crypto::Wipe(encoded);
    writer.Key("revision").Int(value->revision());
    writer.EndObject();
  });
  writer.EndArray();
  writer.Key("stale").BeginArray().EndArray();
  writer.Key("status").Raw(status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  writer.EndObject();
  return state;
}

std::optional<SavedState> DecodeState(std::string_view text) {
  const nlohmann::json state = nlohmann::json::parse(text, nullptr, false);
  try {
    if (state.at("version") != kVersion) return std::nullopt;
    SavedState saved;
    saved.configuration.generation = state.at("revision").get<int64_t>();
    saved.configuration.config_hash = state.at("config_hash").get<std::string>();
    saved.status = state.at("status");
    DocumentSet::Editor documents;
    for (const nlohmann::json& entry : state.at("entries")) {
      const std::optional<DocumentKey> key = ParseKey(entry.at("key").get_ref<const std::string&>());
      std::optional<std::string> value =
          crypto::Base64Decode(entry.at("value_b64").get_ref<const std::string&>());
      if (!key || !value) return std::nullopt;
      documents.Put(*key, MakeDocument(entry.at("revision").get<int64_t>(), *std::move(value)));
    }
    saved.configuration.documents = documents.Finish();
    return saved;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace aisix::admin
