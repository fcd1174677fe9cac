#include "lib/model/observability_exporter.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<ExporterKind>> EnumNames(const ExporterKind*) {
  static constexpr EnumName<ExporterKind> kNames[] = {{"otlp_http", ExporterKind::kOtlpHttp},
                                                      {"aliyun_sls", ExporterKind::kAliyunSls},
                                                      {"object_store", ExporterKind::kObjectStore},
                                                      {"datadog", ExporterKind::kDatadog}};
  return kNames;
}

namespace {

// A member that knows two words; `out` becomes whether it is the one named `yes`.
void GetEither(ObjectReader& reader, std::string_view name, std::string_view yes, std::string_view no,
               bool& out) {
  std::optional<std::string> word;
  reader.Get(name, word);
  if (!word) return;
  if (*word != yes && *word != no) return reader.Fail(name, "unknown variant");
  out = *word == yes;
}

}  // namespace

void ReadMembers(ObjectReader& reader, ObservabilityExporter& exporter) {
  reader.Need("name", exporter.name);
  reader.Get("enabled", exporter.enabled);
  reader.Need("kind", exporter.kind);
  reader.Get("endpoint", exporter.endpoint);
  reader.Get("headers", exporter.headers);
  reader.Get("sample_rate", exporter.sample_rate);
  GetEither(reader, "content_mode", "full", "metadata_only", exporter.content_full);
  reader.Get("content_max_bytes", exporter.content_max_bytes);
  reader.Get("credential_ref", exporter.credential_ref);
  reader.Get("project", exporter.project);
  reader.Get("logstore", exporter.logstore);
  reader.Get("provider", exporter.provider);
  reader.Get("bucket", exporter.bucket);
  reader.Get("prefix", exporter.prefix);
  reader.Get("region", exporter.region);
  GetEither(reader, "compression", "gzip", "none", exporter.gzip);
  GetEither(reader, "auth_mode", "cloud_identity", "credential_ref", exporter.cloud_identity);
  reader.Get("site", exporter.site);
  reader.Get("service", exporter.service);
  reader.Get("ddsource", exporter.ddsource);
  reader.Get("tags", exporter.tags);
}

absl::StatusOr<ObservabilityExporter> DecodeObservabilityExporter(const nlohmann::json& document) {
  return decode::Decode<ObservabilityExporter>(document);
}

}  // namespace aisix::model
