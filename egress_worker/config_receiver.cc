#include "egress_worker/config_receiver.h"

namespace aisix::egress {
namespace {

constexpr std::string_view kTarget = "aisix_egress::config";

}  // namespace

std::vector<ipc::ConfigRefusal> ConfigReceiver::Apply(ipc::ConfigBatch batch) {
  std::vector<ipc::ConfigRefusal> refusals = list_.Apply(batch);
  logger_.Write(log::Level::kDebug, kTarget, "destinations applied",
                {{"revision", batch.revision}, {"destinations", static_cast<uint64_t>(list_.size())}});
  for (const ipc::ConfigRefusal& refusal : refusals) {
    logger_.Write(
        log::Level::kError, kTarget, "destination refused",
        {{"destination", std::string_view(refusal.id)}, {"reason", std::string_view(refusal.reason)}});
  }
  applied_();
  return refusals;
}

}  // namespace aisix::egress
