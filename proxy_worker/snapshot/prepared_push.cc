#include "proxy_worker/snapshot/prepared_push.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "lib/crypto/secret.h"

namespace aisix::proxy {

void PreparedPush::Add(SnapshotBuilder& builder, ipc::ConfigDocument document) {
  const std::optional<model::Kind> kind = model::KindFromCollection(document.kind);
  absl::Status status;
  if (!kind) {
    status = absl::InvalidArgumentError("unknown kind");
  } else if (*kind == model::Kind::kApiKey) {
    auto caller = builder.CompileCaller(document.id, document.json);
    status = caller.status();
    if (caller.ok()) callers.push_back(*std::move(caller));
  } else {
    auto compiled = builder.Compile(*kind, document.id, document.json);
    status = compiled.status();
    if (compiled.ok()) others.push_back(*std::move(compiled));
  }
  crypto::Wipe(document.json);
  if (!status.ok())
    refusals.push_back({std::move(document.kind), std::move(document.id), std::string(status.message())});
}

void PreparedPush::RetainNamed(SnapshotBuilder& builder) const {
  absl::flat_hash_set<std::pair<model::Kind, std::string_view>> named;
  named.reserve(size());
  for (const auto& caller : callers) named.emplace(model::Kind::kApiKey, caller->id());
  for (const CompiledDocument& document : others) named.emplace(document.kind, document.id);
  for (const ipc::ConfigRefusal& refusal : refusals) {
    if (const std::optional<model::Kind> kind = model::KindFromCollection(refusal.kind))
      named.emplace(*kind, refusal.id);
  }
  builder.Retain([&named](model::Kind kind, std::string_view id) { return named.contains({kind, id}); });
}

}  // namespace aisix::proxy
