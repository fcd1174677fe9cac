#include "egress_worker/dial_service.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "lib/url/url.h"

namespace aisix::egress {
namespace {

using ipc::DialOutcome;

constexpr uint64_t kAheadOfClientMs = 100;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

net::Address EndOf(int fd, int (*function)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (function(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return net::Address::From(reinterpret_cast<sockaddr*>(&storage));
}

}  // namespace

struct DialService::Dial {
  DialService& service;
  ipc::DialTicket ticket;
  std::string destination;
  url::HostPort endpoint;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  bool literal = false;  // the configuration names this very address
  bool waiting = false;  // for the first push
  bool locked = false;   // the port is not one of those that this process may connect to
  bool cached = false;   // what is being dialled came from a cache
  std::string_view label = DialMetrics::kUnlisted;
  std::vector<net::Address> tried;
  std::string failure;           // of the addresses tried
  std::string_view passed_over;  // why others were not
  async::Timer deadline;
  std::unique_ptr<Connector> connector;

  Dial(DialService& service, const ipc::DialTicket& ticket, std::string destination)
      : service(service), ticket(ticket), destination(std::move(destination)) {}
};

DialService::DialService(async::Loop& loop, const DestinationList& destinations, const AddressRules& rules,
                         dns::Resolver& resolver, DialOptions options, DialMetrics& metrics,
                         log::Logger& logger)
    : loop_(loop),
      destinations_(destinations),
      rules_(rules),
      resolver_(resolver),
      options_(std::move(options)),
      metrics_(metrics),
      log_(logger) {}

DialService::~DialService() {
  *self_ = nullptr;
}

void DialService::OnDial(const ipc::DialTicket& ticket, const ipc::DialRequest& request) {
  auto owned = std::make_unique<Dial>(*this, ticket, request.destination);
  Dial& dial = *owned;
  dials_.emplace(ticket, std::move(owned));
  metrics_.Began(dial.label);
  absl::StatusOr<url::HostPort> endpoint = url::ParseHostPort(dial.destination);
  if (!endpoint.ok() || url::Canonical(*endpoint) != dial.destination) {
    Refuse(ticket, DialOutcome::kBadRequest, "not a canonical host and port");
    return;
  }
  dial.endpoint = *std::move(endpoint);
  dial.literal = url::IsAddress(dial.endpoint.host);
  uint64_t timeout = request.timeout_ms != 0 ? request.timeout_ms : options_.timeout_ms;
  // A little before the client gives up by itself: it then learns what took so long.
  timeout -= std::min(timeout / 20, kAheadOfClientMs);
  if (timeout != 0) dial.deadline.Start(loop_, timeout, &DialService::OnTimeout, &dial);
  if (!destinations_.configured()) {
    dial.waiting = true;
    return;
  }
  Admit(dial);
}

void DialService::OnConfigured() {
  std::vector<ipc::DialTicket> waiting;
  for (auto& [ticket, dial] : dials_) {
    if (dial->waiting) waiting.push_back(ticket);
  }
  for (const ipc::DialTicket& ticket : waiting) {
    auto found = dials_.find(ticket);
    if (found == dials_.end()) continue;
    found->second->waiting = false;
    Admit(*found->second);
  }
}

bool DialService::IsRedisPeer(const Dial& dial) const {
  if (!dial.literal) return false;
  const net::Address address = net::ParseAddress(dial.endpoint.host, dial.endpoint.port);
  return std::any_of(options_.redis_networks.begin(), options_.redis_networks.end(),
                     [&](const net::Network& network) { return network.Contains(address); });
}

void DialService::Admit(Dial& dial) {
  const bool listed = destinations_.Contains(dial.destination);
  if (!listed && !IsRedisPeer(dial)) {
    Refuse(dial.ticket, DialOutcome::kNotConfigured, "not one of the configured destinations");
    return;
  }
  dial.literal = dial.literal && listed;
  const std::string_view label = listed ? metrics_.LabelOf(dial.destination) : DialMetrics::kRedisPeer;
  metrics_.Moved(std::exchange(dial.label, label), label);
  if (!options_.ports.Contains(dial.endpoint.port)) {
    dial.locked = true;
    return;
  }
  Resolve(dial, false);
}

// The answer may come inside this call and end the dial.
void DialService::Resolve(Dial& dial, bool again) {
  auto answer = [self = self_, ticket = dial.ticket](const dns::Result& result) {
    if (*self != nullptr) (*self)->OnResolved(ticket, result);
  };
  if (again) {
    resolver_.ResolveAgain(dial.endpoint.host, std::move(answer));
  } else {
    resolver_.Resolve(dial.endpoint.host, std::move(answer));
  }
}

void DialService::OnResolved(ipc::DialTicket ticket, const dns::Result& result) {
  metrics_.LookedUp(result);
  auto found = dials_.find(ticket);
  if (found == dials_.end()) return;
  Dial& dial = *found->second;
  const bool again = !dial.failure.empty();
  if (!result.ok()) {
    if (again) {
      const std::string failure = dial.failure;
      Refuse(ticket, DialOutcome::kConnectFailed, failure);
      return;
    }
    bool unknown = absl::IsNotFound(result.status());
    Refuse(ticket, unknown ? DialOutcome::kNotResolved : DialOutcome::kConnectFailed, Text(result.status()));
    return;
  }
  std::vector<net::Address> allowed;
  std::string_view refusal;
  for (net::Address address : result->addresses) {
    address.port = dial.endpoint.port;
    std::string_view reason = dial.literal ? std::string_view() : rules_.Refusal(address);
    if (reason.empty()) {
      if (std::find(dial.tried.begin(), dial.tried.end(), address) == dial.tried.end()) {
        allowed.push_back(address);
      }
    } else {
      refusal = reason;
    }
  }
  if (allowed.empty()) {
    if (again) {
      const std::string failure = dial.failure;
      Refuse(ticket, DialOutcome::kConnectFailed, failure);
    } else {
      Refuse(ticket, DialOutcome::kDenied, refusal);
    }
    return;
  }
  dial.cached = !again && (result->source == dns::Source::kCache || result->source == dns::Source::kStale);
  dial.tried = allowed;
  dial.passed_over = refusal;
  dial.connector = std::make_unique<Connector>(
      loop_, Interleave(allowed), options_.connect,
      [this, ticket](absl::StatusOr<os::UniqueFd> connected) { OnConnected(ticket, std::move(connected)); });
  dial.connector->Start();
}

void DialService::OnConnected(ipc::DialTicket ticket, absl::StatusOr<os::UniqueFd> result) {
  Dial& dial = *dials_.find(ticket)->second;
  if (!result.ok()) {
    dial.failure = Text(result.status());
    if (!dial.passed_over.empty()) {
      dial.failure.append("; another address was not tried: ").append(dial.passed_over);
    }
    if (dial.cached) {  // the name may have moved since it was resolved
      Resolve(dial, true);
      return;
    }
    const std::string failure = dial.failure;
    Refuse(ticket, DialOutcome::kConnectFailed, failure);
    return;
  }
  if (!dial.literal) {
    std::string_view refusal =
        rules_.Refusal(EndOf(result->get(), &getsockname), EndOf(result->get(), &getpeername));
    if (!refusal.empty()) {
      Refuse(ticket, DialOutcome::kDenied, refusal);
      return;
    }
  }
  std::chrono::duration<double> duration = std::chrono::steady_clock::now() - dial.started;
  metrics_.Connected(dial.label, duration.count(), loop_.NowMs());
  Forget(ticket, OutcomeLabel(DialOutcome::kConnected));
  ipc::DialReply reply;
  reply.fd = *std::move(result);
  server_->Reply(ticket, std::move(reply));
}

void DialService::OnTimeout(void* argument) {
  auto* dial = static_cast<Dial*>(argument);
  // So that the next dial does not wait for the same silent addresses.
  if (dial->cached) dial->service.resolver_.ResolveAgain(dial->endpoint.host, [](const dns::Result&) {});
  std::string_view reason = "connection timed out";
  if (dial->connector == nullptr) reason = "name resolution timed out";
  if (dial->waiting) reason = "no destinations are configured yet";
  if (dial->locked)
    reason = "this egress worker may not connect to that port, and its successor did not come";
  dial->service.Refuse(dial->ticket, DialOutcome::kTimedOut, reason);
}

void DialService::Refuse(ipc::DialTicket ticket, DialOutcome outcome, std::string_view reason) {
  ipc::DialReply reply;
  reply.outcome = outcome;
  reply.reason = reason;
  log_.Refused(dials_.find(ticket)->second->destination, outcome, reason, loop_.NowMs());
  Forget(ticket, OutcomeLabel(outcome));
  server_->Reply(ticket, std::move(reply));
}

void DialService::OnCancel(const ipc::DialTicket& ticket) {
  if (dials_.contains(ticket)) Forget(ticket, "cancelled");
}

void DialService::Forget(ipc::DialTicket ticket, std::string_view outcome) {
  auto found = dials_.find(ticket);
  metrics_.Ended(found->second->label, outcome);
  dials_.erase(found);
}

}  // namespace aisix::egress
