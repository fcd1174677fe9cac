// What is derived from a provider key, once, so that a request only fills in what is its own.
#pragma once

#include <string_view>

#include "lib/model/provider_key.h"
#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

// Every plan that MakeProviderPlanner's planner makes is one of these.
class AdapterPlan : public ProviderPlan {
 public:
  explicit AdapterPlan(model::Adapter adapter) : adapter_(adapter) {}
  // The wire family (spec 05 §8.5): kNone when the key has no dispatch path.
  model::Adapter adapter() const { return adapter_; }

 private:
  const model::Adapter adapter_;
};

// Spec 05 §8.5: the vendors "openai" and "anthropic", exactly so written, decide; else the adapter.
model::Adapter SelectAdapter(const model::ProviderKey& key);
// "openai", "azure-openai" …; empty for kNone.
std::string_view WireFamilyName(model::Adapter adapter);

}  // namespace aisix::proxy
