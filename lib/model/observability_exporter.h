// observability_exporter (spec 03 §12).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

enum class ExporterKind : uint8_t { kOtlpHttp, kAliyunSls, kObjectStore, kDatadog };

// The members of all kinds; one that its kind does not have keeps its default.
struct ObservabilityExporter {
  std::string name;
  bool enabled = true;
  ExporterKind kind = ExporterKind::kOtlpHttp;
  std::optional<std::string> endpoint;
  std::vector<std::pair<std::string, std::string>> headers;  // values are secret
  double sample_rate = 1.0;
  bool content_full = false;  // content_mode: "full", else "metadata_only"
  uint32_t content_max_bytes = 131072;
  std::optional<std::string> credential_ref;  // a name, not a secret
  std::string project, logstore;              // aliyun_sls
  std::string provider, bucket, prefix;       // object_store
  std::optional<std::string> region;
  bool gzip = true;             // compression
  bool cloud_identity = false;  // auth_mode
  std::string site, service;    // datadog
  std::string ddsource = "aisix-ai-gateway";
  std::vector<std::string> tags;
};

// As DecodeProviderKey.
absl::StatusOr<ObservabilityExporter> DecodeObservabilityExporter(const nlohmann::json& document);

}  // namespace aisix::model
