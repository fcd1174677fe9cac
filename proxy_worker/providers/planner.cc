#include "proxy_worker/providers/planner.h"

#include <utility>

#include "proxy_worker/providers/openai_plan.h"

namespace aisix::proxy {

model::Adapter SelectAdapter(const model::ProviderKey& key) {
  if (key.provider == "openai") return model::Adapter::kOpenAi;
  if (key.provider == "anthropic") return model::Adapter::kAnthropic;
  return key.adapter;
}

std::string_view WireFamilyName(model::Adapter adapter) {
  switch (adapter) {
    case model::Adapter::kOpenAi:
      return "openai";
    case model::Adapter::kAnthropic:
      return "anthropic";
    case model::Adapter::kBedrock:
      return "bedrock";
    case model::Adapter::kVertex:
      return "vertex";
    case model::Adapter::kAzureOpenAi:
      return "azure-openai";
    case model::Adapter::kNone:
      break;
  }
  return {};
}

ProviderPlanner MakeProviderPlanner(UpstreamSecurity security, OutboundProxies proxies) {
  return [security = std::move(security), proxies = std::move(proxies)](
             std::string_view id, const model::ProviderKey& key) -> std::unique_ptr<const ProviderPlan> {
    const model::Adapter adapter = SelectAdapter(key);
    if (adapter != model::Adapter::kOpenAi) return std::make_unique<const AdapterPlan>(adapter);
    auto context = security(id, key.tls ? &*key.tls : nullptr);
    return std::make_unique<const OpenAiPlan>(id, key, std::move(context), proxies);
  };
}

}  // namespace aisix::proxy
