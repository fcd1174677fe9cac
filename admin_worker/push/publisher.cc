#include "admin_worker/push/publisher.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "admin_worker/push/destination_ports.h"
#include "admin_worker/push/destination_table.h"
#include "admin_worker/push/zone_content.h"
#include "lib/os/wipe_stack.h"

namespace aisix::admin {
namespace {

constexpr std::string_view kLogTarget = "aisix_admin::push";

}  // namespace

class Publisher::Impl {
 public:
  Impl(const ipc::RpcChannel& proxy, const ipc::RpcChannel& egress,
       const std::vector<std::string>& fixed_destinations, OnApplied on_applied, log::Logger& logger,
       PushLimits limits, OnPorts on_ports)
      : limits_(limits),
        logger_(logger),
        proxy_(PushMetrics::Zone::kProxy, proxy, queue_, limits_, metrics_, logger),
        egress_(PushMetrics::Zone::kEgress, egress, queue_, limits_, metrics_, logger),
        destinations_(fixed_destinations),
        on_applied_(std::move(on_applied)),
        on_ports_(std::move(on_ports)),
        thread_([this] { Run(); }) {}

  ~Impl() { Stop(); }

  void Publish(ConfigurationPtr configuration) {
    {
      const std::lock_guard lock(mutex_);
      // Measured from the oldest change that the zones do not have yet.
      if (incoming_ == nullptr) incoming_since_ = absl::Now();
      incoming_ = std::move(configuration);
    }
    Wake();
  }

  const PushMetrics& metrics() const { return metrics_; }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    Wake();
    if (thread_.joinable()) thread_.join();
  }

  void Wake() {
    const std::lock_guard lock(mutex_);
    if (wake_pending_ || ended_) return;
    wake_pending_ = true;
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(&queue_, std::chrono::system_clock::now(), &wake_tag_);
  }

 private:
  using EgressPtr = std::shared_ptr<const EgressContent>;

  void Run() {
    while (TakeIncoming()) {
      const absl::Time now = absl::Now();
      Reconcile(now);
      os::WipeStack();
      Wait(now);
    }
    // Every outstanding event must come before the queue may go.
    proxy_.Cancel();
    egress_.Cancel();
    while (proxy_.busy() || egress_.busy()) Wait(absl::Now());
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      alarm_.reset();
    }
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  // False: it is time to end.
  bool TakeIncoming() {
    ConfigurationPtr incoming;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
      incoming = std::exchange(incoming_, nullptr);
      if (incoming != nullptr && applied_ == wanted_) wanted_since_ = incoming_since_;
    }
    if (incoming == nullptr) return true;
    wanted_ = std::move(incoming);
    DeriveTargets();
    return true;
  }

  // What each zone should have of wanted_.
  void DeriveTargets() {
    DocumentSet documents = refusals_.Substitute(wanted_->documents);
    metrics_.Refused(refusals_.List().size());
    const bool moved = destinations_.Update(documents);
    // Egress need not hear of a configuration that leads to the same places.
    if (moved || wanted_egress_.content == nullptr) {
      wanted_egress_content_ = std::make_shared<const EgressContent>(destinations_.destinations());
      wanted_egress_ = {wanted_->generation, false, wanted_egress_content_};
    }
    wanted_proxy_ = {wanted_->generation, !wanted_->loaded,
                     std::make_shared<const ProxyContent>(std::move(documents))};
    transition_ = {};
    TellPorts(proxy_destinations_);
  }

  // Those of the new destinations, and of those that the proxy still uses.
  void TellPorts(const DestinationSet& used) {
    const EgressContent in_use(used);
    ports_.Update(wanted_egress_content_->Includes(in_use)
                      ? wanted_egress_content_->destinations()
                      : Union(wanted_egress_content_->destinations(), used));
    control::PortSet ports = ports_.ports();
    if (told_ports_ == ports) return;
    on_ports_(ports);
    told_ports_ = std::move(ports);
  }

  void Reconcile(absl::Time now) {
    proxy_.Tick(now);
    egress_.Tick(now);
    if (wanted_ == nullptr) return;
    TakeRefusals();
    const bool proxy_has_it = proxy_.acknowledged().content == wanted_proxy_.content;
    if (proxy_has_it && applied_content_ != wanted_proxy_.content) {
      if (applied_ != wanted_) metrics_.Applied(now - wanted_since_);
      applied_ = wanted_;
      applied_content_ = wanted_proxy_.content;
      proxy_destinations_ = wanted_egress_content_->destinations();
      TellPorts(proxy_destinations_);
      on_applied_(applied_, refusals_.List());
    }
    egress_.Pursue(proxy_has_it ? wanted_egress_ : EgressTransition(), now);
    // The proxy may go on once egress knows every destination that the new configuration leads to.
    if (EgressKnowsAll()) proxy_.Pursue(wanted_proxy_, now);
  }

  // Both sides use the same decoders, so a refusal is a defect, and is said as one; the previous value goes
  // to every zone again.
  void TakeRefusals() {
    if (const std::optional<PushAnswer> answer = egress_.TakeRefusals()) {
      for (const PushAnswer::Refusal& refusal : answer->refusals) Report("egress", refusal);
    }
    const std::optional<PushAnswer> answer = proxy_.TakeRefusals();
    if (!answer) return;
    static const DocumentSet kNothing;
    const auto documents_of = [](const std::shared_ptr<const ZoneContent>& content) -> const DocumentSet& {
      return content == nullptr ? kNothing : static_cast<const ProxyContent&>(*content).documents();
    };
    for (const PushAnswer::Refusal& refusal : answer->refusals) {
      Report("proxy", refusal);
      if (const std::optional<model::Kind> kind = model::KindFromCollection(refusal.kind))
        refusals_.Add("proxy", {*kind, refusal.id}, refusal.reason, documents_of(answer->pushed),
                      documents_of(answer->before));
    }
    DeriveTargets();
  }

  void Report(std::string_view zone, const PushAnswer::Refusal& refusal) {
    logger_.Write(log::Level::kError, kLogTarget,
                  "a zone refused a resource that was accepted; its previous value stays in service",
                  {{"to", zone},
                   {"kind", std::string_view(refusal.kind)},
                   {"id", std::string_view(refusal.id)},
                   {"reason", std::string_view(refusal.reason)}});
  }

  // The new destinations and those that the proxy still uses.
  const PushTarget& EgressTransition() {
    if (transition_.content != nullptr) return transition_;
    const EgressContent used(proxy_destinations_);
    transition_ = wanted_egress_;
    if (!wanted_egress_content_->Includes(used))
      transition_.content = std::make_shared<const EgressContent>(
          Union(wanted_egress_content_->destinations(), proxy_destinations_));
    return transition_;
  }

  bool EgressKnowsAll() const {
    const auto* known = static_cast<const EgressContent*>(egress_.acknowledged().content.get());
    return known != nullptr && known->Includes(*wanted_egress_content_);
  }

  // Until an event or the next time that a session named; `now` is what the sessions were last told.
  void Wait(absl::Time now) {
    const absl::Time next = std::min({proxy_.NextTick(now), egress_.NextTick(now), now + absl::Seconds(60)});
    const auto deadline = absl::ToChronoTime(next);
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return;
    if (tag == &wake_tag_) {
      const std::lock_guard lock(mutex_);
      wake_pending_ = false;
      return;
    }
    const absl::Time arrived = absl::Now();
    if (!proxy_.OnEvent(tag, ok, arrived)) egress_.OnEvent(tag, ok, arrived);
  }

  const PushLimits limits_;
  log::Logger& logger_;
  PushMetrics metrics_;
  grpc::CompletionQueue queue_;
  PushSession proxy_;
  PushSession egress_;
  RefusalTable refusals_;
  DestinationTable destinations_;
  DestinationPorts ports_;
  std::optional<control::PortSet> told_ports_;
  const OnApplied on_applied_;
  const OnPorts on_ports_;

  ConfigurationPtr wanted_;
  absl::Time wanted_since_;
  PushTarget wanted_proxy_;
  PushTarget wanted_egress_;  // without the destinations that only the proxy's present configuration needs
  EgressPtr wanted_egress_content_;
  PushTarget transition_;              // what egress gets until the proxy has the new configuration
  DestinationSet proxy_destinations_;  // of the configuration that the proxy acknowledged
  ConfigurationPtr applied_;           // that one
  std::shared_ptr<const ZoneContent> applied_content_;

  std::mutex mutex_;
  ConfigurationPtr incoming_;
  absl::Time incoming_since_;
  bool stopping_ = false;
  bool ended_ = false;
  bool wake_pending_ = false;
  int wake_tag_ = 0;
  std::unique_ptr<grpc::Alarm> alarm_;
  std::thread thread_;  // last: it uses everything above
};

Publisher::Publisher(const ipc::RpcChannel& proxy, const ipc::RpcChannel& egress,
                     std::vector<std::string> fixed_destinations, OnApplied on_applied, log::Logger& logger,
                     PushLimits limits, OnPorts on_ports)
    : impl_(std::make_unique<Impl>(proxy, egress, fixed_destinations, std::move(on_applied), logger, limits,
                                   std::move(on_ports))) {}

Publisher::~Publisher() = default;

void Publisher::Publish(ConfigurationPtr configuration) {
  impl_->Publish(std::move(configuration));
}
void Publisher::OnLinkReplaced() {
  impl_->Wake();
}
void Publisher::AppendMetrics(std::vector<metrics::Family>& families) const {
  impl_->metrics().AppendMetrics(families);
}
void Publisher::Stop() {
  impl_->Stop();
}

}  // namespace aisix::admin
