#include "lib/config/loader/boot_checks.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <string>

#include "lib/config/loader/patterns.h"
#include "lib/config/loader/pem.h"
#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"
#include "lib/log/logger.h"
#include "lib/os/error.h"
#include "lib/os/memory_file.h"
#include "lib/os/unique_fd.h"

namespace aisix::config {
namespace {

constexpr size_t kMaxPemBytes = size_t{4} << 20;
constexpr size_t kMaxEdges = 64;

absl::Status Invalid(std::string message) {
  return absl::InvalidArgumentError(std::move(message));
}

// The error is the text of the operating system alone.
absl::StatusOr<std::string> ReadFile(const std::string& path) {
  os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return absl::UnavailableError(os::ErrorText(errno));
  return os::ReadAll(file.get(), kMaxPemBytes);
}

bool HasLabel(const std::vector<std::string>& labels, std::string_view suffix) {
  return std::any_of(labels.begin(), labels.end(),
                     [&](const std::string& label) { return label.ends_with(suffix); });
}

absl::Status CheckLogFilter(const Settings& settings, const Environment& environment) {
  auto rust_log = environment.find("RUST_LOG");
  absl::StatusOr<log::Filter> filter = log::Filter::Choose(
      settings.observability.log_level, rust_log == environment.end() ? nullptr : &rust_log->second);
  if (filter.ok()) return absl::OkStatus();
  return Invalid(Concat("tracing init failed: ", filter.status().message()));
}

absl::Status CheckOtlp(const ObservabilitySettings& settings) {
  if (!settings.tracing_otlp_enabled) return absl::OkStatus();
  if (!IsBlank(settings.tracing_otlp_endpoint.value_or(""))) {
    return absl::OkStatus();
  }
  return Invalid(
      "otlp init failed: otlp exporter install failed: tracing.otlp.enabled=true but endpoint is empty");
}

absl::Status CheckUpstreamTls(const TlsMaterial& tls) {
  if (!tls.ca_file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(tls.ca_file);
    if (!text.ok()) {
      return Invalid(Concat("upstream.tls.ca_file: read ", tls.ca_file, ": ", text.status().message()));
    }
    auto labels = PemLabels(*text);
    if (!labels.ok()) {
      return Invalid(Concat("upstream.tls.ca_file: parse ", tls.ca_file, ": ", labels.status().message()));
    }
    if (!HasLabel(*labels, "CERTIFICATE")) {
      return Invalid(Concat("upstream.tls.ca_file: ", tls.ca_file, " contains no CERTIFICATE block"));
    }
  }
  struct {
    std::string_view key;
    const std::string& path;
    std::string_view label;
  } const files[] = {
      {"upstream.tls.client_cert_file", tls.client_cert_file, "CERTIFICATE"},
      {"upstream.tls.client_key_file", tls.client_key_file, "PRIVATE KEY"},
  };
  for (const auto& file : files) {
    if (file.path.empty()) continue;
    absl::StatusOr<std::string> text = ReadFile(file.path);
    if (!text.ok()) return Invalid(Concat(file.key, ": read ", file.path, ": ", text.status().message()));
    auto labels = PemLabels(*text);
    if (!labels.ok()) {
      return Invalid(Concat("upstream TLS init failed: ", file.key, ": parse ", file.path, ": ",
                            labels.status().message()));
    }
    if (!HasLabel(*labels, file.label)) {
      return Invalid(Concat("upstream TLS init failed: ", file.key, ": ", file.path, " contains no ",
                            file.label, " block"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckControlPlaneCa(const ManagedSettings& managed) {
  if (!managed.cp_ca_cert_file || managed.cp_ca_cert_file->empty()) return absl::OkStatus();
  absl::StatusOr<std::string> text = ReadFile(*managed.cp_ca_cert_file);
  if (text.ok()) return absl::OkStatus();
  return Invalid(Concat("read managed.cp_ca_cert_file = ", Quote(*managed.cp_ca_cert_file), ": ",
                        text.status().message()));
}

absl::Status CheckEtcd(const EtcdSettings& etcd, const Environment& environment) {
  if (etcd.tls) {
    struct {
      std::string_view key;
      const std::string& path;
    } const files[] = {
        {"ca_cert_file", etcd.tls->ca_cert_file},
        {"client_cert_file", etcd.tls->client_cert_file},
        {"client_key_file", etcd.tls->client_key_file},
    };
    for (const auto& file : files) {
      absl::StatusOr<std::string> text = ReadFile(file.path);
      if (!text.ok()) {
        return Invalid(Concat("etcd.tls.", file.key, " = ", Quote(file.path), ": ", text.status().message()));
      }
    }
  }
  if (etcd.password_env && !environment.contains(*etcd.password_env)) {
    return Invalid(
        Concat("etcd.password_env = ", Quote(*etcd.password_env), " is set but the env var is missing"));
  }
  return absl::OkStatus();
}

// `key`: "proxy.tls" …; `failure`: how the message begins.
absl::Status CheckListenerTls(std::string_view failure, std::string_view key, const ListenerTlsFiles& tls) {
  auto fail = [&](std::string_view reason) {
    return Invalid(Concat(failure, ": ", key, ": failed to load cert_file=", Quote(tls.cert_file),
                          " / key_file=", Quote(tls.key_file), ": ", reason));
  };
  struct {
    std::string_view key;
    const std::string& path;
    std::string_view label;
  } const files[] = {{"cert_file", tls.cert_file, "CERTIFICATE"}, {"key_file", tls.key_file, "PRIVATE KEY"}};
  for (const auto& file : files) {
    absl::StatusOr<std::string> text = ReadFile(file.path);
    if (!text.ok()) return fail(Concat(file.key, ": ", text.status().message()));
    auto labels = PemLabels(*text);
    if (!labels.ok()) return fail(Concat(file.key, ": ", labels.status().message()));
    if (!HasLabel(*labels, file.label)) {
      return fail(Concat(file.key, ": contains no ", file.label, " block"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckListeners(const Settings& settings) {
  if (settings.admin_bound() && settings.admin.tls) {
    absl::Status status = CheckListenerTls("admin serve error", "admin.tls", *settings.admin.tls);
    if (!status.ok()) return status;
  }
  if (settings.proxy.tls) {
    absl::Status status = CheckListenerTls("proxy serve error", "proxy.tls", *settings.proxy.tls);
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < settings.proxy.listeners.size(); ++i) {
    const auto& listener = settings.proxy.listeners[i];
    if (!listener.tls) continue;
    std::string key = Concat("proxy.listeners[", i, "].tls");
    if (absl::Status status = CheckListenerTls("proxy serve error", key, *listener.tls); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckBuckets(std::string_view field, const std::vector<double>& edges) {
  std::string prefix = Concat("observability.metrics.buckets.", field);
  if (edges.empty()) return Invalid(Concat(prefix, ": must list at least one bucket edge"));
  if (edges.size() > kMaxEdges) {
    return Invalid(Concat(prefix, ": ", edges.size(), " edges exceed the limit of ", kMaxEdges));
  }
  for (size_t i = 0; i < edges.size(); ++i) {
    std::string edge = Concat(prefix, "[", i, "]: ", FloatText(edges[i]));
    if (!std::isfinite(edges[i]) || edges[i] <= 0) {
      return Invalid(Concat(
          edge, " must be a finite positive number of seconds (the +Inf bucket is added automatically)"));
    }
    if (i > 0 && edges[i] <= edges[i - 1]) {
      return Invalid(Concat(edge, " must be greater than the preceding edge ", FloatText(edges[i - 1]),
                            " — bucket edges are cumulative and must strictly ascend"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBoot(Settings& settings, const Environment& environment) {
  absl::Status status;
  if (status = CheckLogFilter(settings, environment); !status.ok()) return status;
  if (status = CheckOtlp(settings.observability); !status.ok()) return status;
  if (status = CheckUpstreamTls(settings.upstream.tls); !status.ok()) return status;
  if (status = CheckControlPlaneCa(settings.managed); !status.ok()) return status;
  if (settings.etcd_mode()) {
    if (status = CheckEtcd(*settings.etcd, environment); !status.ok()) return status;
  }
  const Buckets& buckets = settings.observability.buckets;
  struct {
    std::string_view field;
    const std::vector<double>& edges;
  } const histograms[] = {{"request_e2e_latency", buckets.request_e2e_latency},
                          {"request_ttft", buckets.request_ttft},
                          {"guardrail_latency", buckets.guardrail_latency},
                          {"a2a_ttfb", buckets.a2a_ttfb}};
  for (const auto& histogram : histograms) {
    if (status = CheckBuckets(histogram.field, histogram.edges); !status.ok()) return status;
  }
  if (settings.cache_backend == "redis" && !settings.cache_redis) {
    return Invalid("cache.backend = redis but cache.redis missing");
  }
  status = CheckClientTypeRules(settings.observability.client_type_rules);
  if (!status.ok()) return status;
  return CheckListeners(settings);
}

}  // namespace aisix::config
