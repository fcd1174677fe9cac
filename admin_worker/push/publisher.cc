#include "admin_worker/push/publisher.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <mutex>
#include <thread>

namespace aisix::admin {

class Publisher::Impl {
 public:
  Impl(const ipc::RpcChannel& proxy, const ipc::RpcChannel& egress,
       std::vector<std::string> fixed_destinations, OnApplied on_applied, log::Logger& logger,
       PushLimits limits)
      : limits_(limits),
        proxy_("proxy", proxy, queue_, limits_, logger),
        egress_("egress", egress, queue_, limits_, logger),
        fixed_destinations_(std::move(fixed_destinations)),
        on_applied_(std::move(on_applied)),
        thread_([this] { Run(); }) {}

  ~Impl() { Stop(); }

  void Publish(ConfigurationPtr configuration) {
    {
      const std::lock_guard lock(mutex_);
      incoming_ = std::move(configuration);
    }
    Wake();
  }

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
  struct Wanted {
    ConfigurationPtr configuration;
    std::set<std::string> destinations;
    PushTarget proxy;
    PushTarget egress;  // `destinations` alone: without those that the proxy still uses
  };

  void Run() {
    while (TakeIncoming()) {
      const absl::Time now = absl::Now();
      Reconcile(now);
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
    }
    if (incoming == nullptr) return true;
    std::set<std::string> destinations = Destinations(incoming->documents, fixed_destinations_);
    // Egress need not hear of a configuration that leads to the same places.
    if (wanted_.egress.view == nullptr || destinations != wanted_.destinations)
      wanted_.egress = {incoming->generation, false,
                        std::make_shared<const ZoneView>(EgressView(destinations))};
    wanted_.destinations = std::move(destinations);
    wanted_.proxy = {incoming->generation, !incoming->loaded,
                     std::make_shared<const ZoneView>(ProxyView(incoming->documents))};
    wanted_.configuration = std::move(incoming);
    transition_ = {};
    return true;
  }

  void Reconcile(absl::Time now) {
    proxy_.Tick(now);
    egress_.Tick(now);
    if (wanted_.configuration == nullptr) return;
    const bool proxy_has_it = proxy_.acknowledged().view == wanted_.proxy.view;
    if (proxy_has_it && applied_ != wanted_.configuration) {
      applied_ = wanted_.configuration;
      proxy_destinations_ = wanted_.destinations;
      on_applied_(applied_);
    }
    egress_.Pursue(proxy_has_it ? wanted_.egress : EgressTransition(), now);
    // The proxy may go on once egress knows every destination that the new configuration leads to.
    if (EgressKnowsAll()) proxy_.Pursue(wanted_.proxy, now);
  }

  // The new destinations and those that the proxy still uses.
  const PushTarget& EgressTransition() {
    if (transition_.view != nullptr) return transition_;
    std::set<std::string> both = wanted_.destinations;
    both.insert(proxy_destinations_.begin(), proxy_destinations_.end());
    if (both == wanted_.destinations) {
      transition_ = wanted_.egress;
    } else {
      transition_ = {wanted_.egress.revision, false, std::make_shared<const ZoneView>(EgressView(both))};
    }
    return transition_;
  }

  bool EgressKnowsAll() const {
    const auto& view = egress_.acknowledged().view;
    if (view == nullptr) return false;
    return std::includes(view->begin(), view->end(), wanted_.egress.view->begin(), wanted_.egress.view->end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
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
  grpc::CompletionQueue queue_;
  PushSession proxy_;
  PushSession egress_;
  const std::vector<std::string> fixed_destinations_;
  const OnApplied on_applied_;
  Wanted wanted_;
  PushTarget transition_;                     // what egress gets until the proxy has the new configuration
  std::set<std::string> proxy_destinations_;  // of the configuration that the proxy acknowledged
  ConfigurationPtr applied_;                  // that one

  std::mutex mutex_;
  ConfigurationPtr incoming_;
  bool stopping_ = false;
  bool ended_ = false;
  bool wake_pending_ = false;
  int wake_tag_ = 0;
  std::unique_ptr<grpc::Alarm> alarm_;
  std::thread thread_;  // last: it uses everything above
};

Publisher::Publisher(const ipc::RpcChannel& proxy, const ipc::RpcChannel& egress,
                     std::vector<std::string> fixed_destinations, OnApplied on_applied, log::Logger& logger,
                     PushLimits limits)
    : impl_(std::make_unique<Impl>(proxy, egress, std::move(fixed_destinations), std::move(on_applied),
                                   logger, limits)) {}

Publisher::~Publisher() = default;

void Publisher::Publish(ConfigurationPtr configuration) {
  impl_->Publish(std::move(configuration));
}
void Publisher::OnLinkReplaced() {
  impl_->Wake();
}
void Publisher::Stop() {
  impl_->Stop();
}

}  // namespace aisix::admin
