#include "proxy_worker/server/probes.h"

#include <array>

#include "lib/http/server_exchange.h"
#include "proxy_worker/pipeline/process_state.h"
#include "proxy_worker/pipeline/respond.h"

namespace aisix::proxy {

ProbeAnswer Liveness(bool draining, bool verbose) {
  if (draining) return {503, "[+]ping ok\n[-]shutdown failed: reason withheld\nlivez check failed"};
  if (verbose) return {200, "[+]ping ok\n[+]shutdown ok\nlivez check passed\n"};
  return {200, "ok"};
}

ProbeAnswer Readiness(bool draining, bool has_configuration, bool verbose) {
  if (draining && !has_configuration) {
    return {503, "[-]shutdown failed: draining\n[-]config failed: not ready\nreadyz check failed"};
  }
  if (draining) return {503, "[-]shutdown failed: draining\n[+]config ok\nreadyz check failed"};
  if (!has_configuration) return {503, "[+]shutdown ok\n[-]config failed: not ready\nreadyz check failed"};
  if (verbose) return {200, "[+]shutdown ok\n[+]config ok\nreadyz check passed\n"};
  return {200, "ok"};
}

bool AsksForDetails(std::string_view query) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    if (parameter.substr(0, parameter.find('=')) == "verbose") return true;
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return false;
}

async::Task<void> AnswerProbe(LoopContext& loop, RequestContext& context) {
  const bool draining = loop.process.draining.load(std::memory_order_relaxed);
  const bool verbose = AsksForDetails(context.exchange.request().query);
  ProbeAnswer answer;
  if (context.endpoint == Endpoint::kLivez) {
    answer = Liveness(draining, verbose);
  } else {
    answer = Readiness(draining, context.snapshot.has_configuration(), verbose);
  }
  const std::array headers{http::Header{"content-type", "text/plain; charset=utf-8"},
                           http::Header{"x-content-type-options", "nosniff"}};
  async::Maybe<void> answered = Respond(loop, context, answer.status, headers, answer.body);
  co_await answered;
}

}  // namespace aisix::proxy
