#include "lib/model/provider_key.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<Adapter>> EnumNames(const Adapter*) {
  static constexpr EnumName<Adapter> kNames[] = {{"openai", Adapter::kOpenAi},
                                                 {"anthropic", Adapter::kAnthropic},
                                                 {"bedrock", Adapter::kBedrock},
                                                 {"vertex", Adapter::kVertex},
                                                 {"azure-openai", Adapter::kAzureOpenAi}};
  return kNames;
}

std::string_view AdapterSlug(Adapter adapter) {
  for (const EnumName<Adapter>& name : EnumNames(static_cast<const Adapter*>(nullptr))) {
    if (name.value == adapter) return name.name;
  }
  return {};
}

std::span<const EnumName<StreamDoneMarker>> EnumNames(const StreamDoneMarker*) {
  static constexpr EnumName<StreamDoneMarker> kNames[] = {{"required", StreamDoneMarker::kRequired},
                                                          {"optional", StreamDoneMarker::kOptional},
                                                          {"none", StreamDoneMarker::kNone}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, TelemetryTags& tags) {
  reader.Get("kind", tags.kind);
  reader.Get("featured", tags.featured);
  reader.Get("branded_provider", tags.branded_provider);
  reader.Get("pk_label", tags.pk_label);
  reader.Get("byo_label", tags.byo_label);
}

namespace {

struct ParamConstraints {
  std::optional<double> temperature_max, temperature_min;
};

void ReadMembers(ObjectReader& reader, ParamConstraints& constraints) {
  reader.Get("temperature_max", constraints.temperature_max);
  reader.Get("temperature_min", constraints.temperature_min);
}

// spec 03 §2: trim, lower case, no empty ones, the first of equal ones stays.
std::vector<std::string> NormalisedHeaders(const std::vector<std::string>& names) {
  std::vector<std::string> normalised;
  for (const std::string& name : names) {
    std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(name));
    if (lower.empty() || std::find(normalised.begin(), normalised.end(), lower) != normalised.end()) continue;
    normalised.push_back(std::move(lower));
  }
  return normalised;
}

}  // namespace

void ReadMembers(ObjectReader& reader, RequestRewrite& request) {
  reader.Get("param_renames", request.param_renames);
  ParamConstraints constraints;
  reader.Get("param_constraints", constraints);
  request.temperature_max = constraints.temperature_max;
  request.temperature_min = constraints.temperature_min;
  reader.Get("default_headers", request.default_headers);
  reader.Get("forward_client_headers", request.forward_client_headers);
  std::vector<std::pair<std::string, nlohmann::json>> fields;
  reader.Get("default_body_fields", fields);
  for (auto& [name, value] : fields)
    request.default_body_fields.emplace_back(
        name, value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void ReadMembers(ObjectReader& reader, ResponseRewrite& response) {
  reader.Get("stream_done_marker", response.stream_done_marker);
  reader.Get("content_list_to_string", response.content_list_to_string);
  reader.Get("error_envelope", response.error_envelope);
  reader.Get("reasoning_field", response.reasoning_field);
}

void ReadMembers(ObjectReader& reader, UpstreamTls& tls) {
  reader.Get("ca_cert", tls.ca_cert);
  reader.Get("verify", tls.verify);
}

void ReadMembers(ObjectReader& reader, ProviderKey& key) {
  reader.Need("display_name", key.display_name);
  reader.NeedAliased("api_key", "secret", key.api_key);
  reader.Get("api_base", key.api_base);
  reader.Get("provider", key.provider);
  reader.Get("adapter", key.adapter);
  reader.Get("telemetry_tags", key.telemetry_tags);
  reader.Get("request", key.request);
  reader.Get("response", key.response);
  reader.Get("strip_headers", key.strip_headers);
  key.strip_headers = NormalisedHeaders(key.strip_headers);
  reader.Get("tls", key.tls);
}

absl::StatusOr<ProviderKey> DecodeProviderKey(const nlohmann::json& document) {
  return decode::Decode<ProviderKey>(document);
}

absl::StatusOr<ProviderKey> ParseProviderKey(std::string_view text) {
  return decode::DecodeText<ProviderKey>(text);
}

}  // namespace aisix::model
