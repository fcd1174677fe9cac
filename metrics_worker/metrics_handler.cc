#include "metrics_worker/metrics_handler.h"

#include "absl/strings/ascii.h"
#include "lib/metrics/text.h"

namespace aisix::metrics_zone {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kConfigPath = "/status/config";
constexpr std::string_view kReadyPath = "/status/ready";
constexpr std::string_view kModelsPath = "/status/models";
constexpr std::string_view kZonesPath = "/status/zones";
constexpr std::string_view kIsolationPath = "/status/isolation";

async::Task<void> Respond(http::ServerExchange& exchange, int status, std::string_view content_type,
                          std::string_view body) {
  const http::Header headers[] = {{"content-type", content_type}};
  (void)co_await exchange.Respond(status, headers, body);
}

}  // namespace

std::string NormalisePath(std::string_view configured) {
  std::string path(configured);
  absl::StripAsciiWhitespace(&path);
  if (path.empty()) return "/metrics";
  return path.front() == '/' ? path : "/" + path;
}

async::Maybe<void> MetricsHandler::Handle(http::ServerExchange& exchange) {
  return Serve(exchange);
}

async::Task<void> MetricsHandler::Serve(http::ServerExchange& exchange) {
  const std::string_view path = exchange.request().path;
  const std::string_view method = exchange.request().method;
  const bool known = path == metrics_path_ || path == kConfigPath || path == kReadyPath ||
                     path == kModelsPath || path == kZonesPath || path == kIsolationPath;
  if (!known) {
    (void)co_await exchange.Respond(404, {}, "");
    co_return;
  }
  if (method != "GET" && method != "HEAD") {
    const http::Header headers[] = {{"allow", "GET,HEAD"}};
    (void)co_await exchange.Respond(405, headers, "");
    co_return;
  }
  if (path == metrics_path_) {
    co_await ServeMetrics(exchange);
  } else if (path == kConfigPath) {
    co_await ServeConfig(exchange);
  } else if (path == kReadyPath) {
    co_await ServeReady(exchange);
  } else if (path == kModelsPath) {
    co_await ServeModels(exchange);
  } else if (path == kIsolationPath) {
    const std::string body = co_await monitor_.Isolation();
    co_await Respond(exchange, 200, kJson, body);
  } else {
    const std::string body = monitor_.ZonesJson();
    co_await Respond(exchange, 200, kJson, body);
  }
}

async::Task<void> MetricsHandler::ServeMetrics(http::ServerExchange& exchange) {
  const std::string body = co_await monitor_.Exposition();
  co_await Respond(exchange, 200, metrics::kTextContentType, body);
}

async::Task<void> MetricsHandler::ServeConfig(http::ServerExchange& exchange) {
  const std::optional<std::string> status = co_await monitor_.ConfigStatus();
  if (status.has_value()) {
    co_await Respond(exchange, 200, kJson, *status);
  } else {
    // Only when admin was never heard since this worker's start.
    co_await Respond(exchange, 503, kJson, R"({"error_msg":"configuration status is not available"})");
  }
}

async::Task<void> MetricsHandler::ServeReady(http::ServerExchange& exchange) {
  const bool ready = co_await monitor_.Ready();
  if (ready) {
    co_await Respond(exchange, 200, kPlain, "ok");
  } else {
    co_await Respond(exchange, 503, kPlain, "no configuration available");
  }
}

async::Task<void> MetricsHandler::ServeModels(http::ServerExchange& exchange) {
  const std::optional<std::string> models = co_await monitor_.Models();
  if (models.has_value()) {
    co_await Respond(exchange, 200, kJson, *models);
  } else {
    co_await Respond(exchange, 500, kJson, R"({"error_msg":"failed to list models"})");
  }
}

}  // namespace aisix::metrics_zone
