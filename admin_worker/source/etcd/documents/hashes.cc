#include "admin_worker/source/etcd/documents/hashes.h"

#include <optional>

#include "lib/crypto/sha256.h"

namespace aisix::admin::etcd {
namespace {

void Append(crypto::Sha256Stream& stream, std::string_view key, std::string_view text) {
  stream.Update(key);
  stream.Update(std::string_view("\0", 1));
  stream.Update(text);
  stream.Update("\n");
}

}  // namespace

Hashes ComputeHashes(const ObservedTable& table) {
  bool same = true;
  table.ForEach([&](const std::string&, const ObservedPtr& observed) { same &= observed->accepted(); });
  crypto::Sha256Stream config;
  table.ForEach([&](const std::string& key, const ObservedPtr& observed) {
    if (const Observed* serving = observed->serving()) Append(config, key, serving->canonical());
  });
  Hashes hashes;
  hashes.config = config.Finish().ToHex();
  hashes.source = hashes.config;
  if (same) return hashes;
  crypto::Sha256Stream source;
  table.ForEach([&](const std::string& key, const ObservedPtr& observed) {
    if (observed->accepted()) return Append(source, key, observed->canonical());
    const std::optional<std::string> canonical = Canonicalize(observed->bytes());
    Append(source, key, canonical ? std::string_view(*canonical) : observed->bytes());
  });
  hashes.source = source.Finish().ToHex();
  return hashes;
}

}  // namespace aisix::admin::etcd
