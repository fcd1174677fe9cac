// Which destinations a provider key leads to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/model/provider_key.h"

namespace aisix::destinations {

// What of a provider key decides where its requests go. Borrowed.
struct ProviderKeyFacts {
  std::string_view provider;
  std::string_view adapter;   // empty: absent
  std::string_view api_base;  // empty: absent
  // api_key; read only by adapters whose credential is a JSON document with a region or token endpoint in it.
  std::string_view credential;
};

// Canonical host:port of everything that requests with this key may go to, sorted, each once. A key that
// cannot be used (no base, bad URL) leads nowhere: its requests are answered with the error of the base
// function.
std::vector<std::string> DestinationsOf(const ProviderKeyFacts& key);
// The same for a resource: what admin lists for egress.
std::vector<std::string> DestinationsOf(const model::ProviderKey& key);

}  // namespace aisix::destinations
