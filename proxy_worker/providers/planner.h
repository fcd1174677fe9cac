// Makes the plans of provider keys: the one place that knows every adapter.
#pragma once

#include <functional>
#include <memory>

#include "lib/net/security.h"
#include "proxy_worker/providers/adapter_plan.h"
#include "proxy_worker/snapshot/snapshot_builder.h"
#include "proxy_worker/upstream/outbound_proxies.h"

namespace aisix::proxy {

// How TLS to the upstreams of a key is spoken; the argument is its `tls` block, null when it has none.
using UpstreamSecurity = std::function<std::shared_ptr<const net::ClientSecurity>(
    std::string_view provider_key_id, const model::UpstreamTls* tls)>;

// For SnapshotBuilder.
ProviderPlanner MakeProviderPlanner(UpstreamSecurity security, OutboundProxies proxies = {});

}  // namespace aisix::proxy
