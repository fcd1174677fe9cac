#include "admin_worker/api/admin_handler.h"

#include "admin_worker/api/probes.h"
#include "admin_worker/status/model_status.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kLivez = "/livez";
constexpr std::string_view kReadyz = "/readyz";
constexpr std::string_view kHealth = "/admin/v1/health";
constexpr std::string_view kModelsStatus = "/admin/v1/models/status";
constexpr std::string_view kUnauthorized = R"({"error_msg":"missing or malformed admin authorization"})";

}  // namespace

AdminHandler::AdminHandler(const std::vector<std::string>& admin_keys, Sources sources, HealthQuery& health)
    : keys_(admin_keys), sources_(std::move(sources)), health_(health) {}

async::Maybe<void> AdminHandler::Handle(http::ServerExchange& exchange) {
  return Serve(exchange);
}

async::Task<void> AdminHandler::Serve(http::ServerExchange& exchange) {
  const std::string_view path = exchange.request().path;
  const std::string_view method = exchange.request().method;
  const bool probe = path == kLivez || path == kReadyz;
  if (!probe && path != kHealth && path != kModelsStatus) {
    (void)co_await exchange.Respond(404, {}, "");
    co_return;
  }
  if (method != "GET" && method != "HEAD") {
    const http::Header headers[] = {{"allow", "GET,HEAD"}};
    (void)co_await exchange.Respond(405, headers, "");
    co_return;
  }
  if (probe) {
    co_await ServeProbe(exchange);
    co_return;
  }
  if (!keys_.Authorize(exchange.request().headers)) {
    const http::Header headers[] = {{"content-type", kJson}};
    (void)co_await exchange.Respond(401, headers, kUnauthorized);
    co_return;
  }
  co_await ServeModels(exchange);
}

async::Task<void> AdminHandler::ServeProbe(http::ServerExchange& exchange) {
  const bool verbose = AsksVerbose(exchange.request().query);
  const bool live = exchange.request().path == kLivez;
  const bool configured = sources_.configured();
  const ProbeAnswer answer = live ? Livez(draining_, verbose) : Readyz(draining_, configured, verbose);
  const http::Header headers[] = {{"content-type", "text/plain; charset=utf-8"},
                                  {"x-content-type-options", "nosniff"}};
  (void)co_await exchange.Respond(answer.status, headers, answer.body);
}

async::Task<void> AdminHandler::ServeModels(http::ServerExchange& exchange) {
  const bool list = exchange.request().path == kModelsStatus;
  const std::optional<std::string> health = co_await health_.Ask();
  static const DocumentSet kNothing;
  const ConfigurationPtr configuration = sources_.configuration();
  const DocumentSet& documents = configuration == nullptr ? kNothing : configuration->documents;
  const std::string body =
      list ? RenderModelStatus(documents, health)
           : RenderAdminHealth(documents, health, sources_.age ? sources_.age() : std::nullopt);
  const http::Header headers[] = {{"content-type", kJson}};
  (void)co_await exchange.Respond(200, headers, body);
}

}  // namespace aisix::admin
