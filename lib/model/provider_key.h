// provider_key: an upstream credential and how its provider wants to be spoken to (spec 03 §2).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

enum class Adapter : uint8_t { kNone, kOpenAi, kAnthropic, kBedrock, kVertex, kAzureOpenAi };

// "openai", …; empty for kNone.
std::string_view AdapterSlug(Adapter adapter);

// Carried into usage events; no effect on dispatch (§2.1).
struct TelemetryTags {
  std::optional<std::string> kind;  // "catalog" | "byo"
  bool featured = false;
  std::optional<std::string> branded_provider, pk_label, byo_label;
};

// Rewriting of what goes out (§2.2). Pairs are in the order of their names.
struct RequestRewrite {
  std::vector<std::pair<std::string, std::string>> param_renames;  // top-level body key: from, to
  std::optional<double> temperature_max, temperature_min;
  std::vector<std::pair<std::string, std::string>> default_headers;      // values may hold templates (§2.4)
  std::vector<std::string> forward_client_headers;                       // globs, any case
  std::vector<std::pair<std::string, std::string>> default_body_fields;  // the value is JSON text
};

enum class StreamDoneMarker : uint8_t { kUnset, kRequired, kOptional, kNone };

struct ResponseRewrite {  // §2.3
  StreamDoneMarker stream_done_marker = StreamDoneMarker::kUnset;
  bool content_list_to_string = false;
  std::optional<std::string> error_envelope;   // kept, no effect
  std::optional<std::string> reasoning_field;  // "delta.…"
};

struct UpstreamTls {
  std::optional<std::string> ca_cert;  // PEM: an additional root
  bool verify = true;
};

struct ProviderKey {
  std::string display_name;
  std::string api_key;  // secret
  std::optional<std::string> api_base;
  std::string provider;
  Adapter adapter = Adapter::kNone;
  TelemetryTags telemetry_tags;
  RequestRewrite request;    // absent block: the defaults
  ResponseRewrite response;  // absent block: the defaults
  // Normalised: trimmed, lower case, no empty and no repeated ones.
  std::vector<std::string> strip_headers{"authorization", "cookie", "set-cookie", "x-api-key"};
  std::optional<UpstreamTls> tls;
};

// Unknown members are ignored, a null is an absent member; what the schema refuses is not all refused here. A
// type or range error, or both spellings of one member: INVALID_ARGUMENT whose message holds no value of the
// document.
absl::StatusOr<ProviderKey> DecodeProviderKey(const nlohmann::json& document);
absl::StatusOr<ProviderKey> ParseProviderKey(std::string_view text);

}  // namespace aisix::model
