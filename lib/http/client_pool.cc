#include <tuple>
#include <utility>

#include "absl/hash/hash.h"
#include "lib/http/client_connection.h"

namespace aisix::http {
namespace {

// What makes two origins one.
using KeyView = std::tuple<std::string_view, uint16_t, const net::ClientSecurity*, const HttpProxy*>;

KeyView KeyOf(const Origin& origin) {
  return {origin.host, origin.port, origin.security.get(), origin.proxy.get()};
}

}  // namespace

struct ClientPool::Hosts {
  // Keys are views of the values, which do not move.
  absl::flat_hash_map<KeyView, std::unique_ptr<Host>> map;
  Host* found_last = nullptr;  // most requests go where the one before went
};

ClientPool::ClientPool(async::Loop& loop, net::Dialer& dialer, ClientPoolOptions options)
    : loop_(loop), dialer_(dialer), options_(options), hosts_(std::make_unique<Hosts>()) {}

ClientPool::~ClientPool() {
  while (dials_) EndDial(dials_);
  CloseIdle();
}

void ClientPool::CloseIdle() {
  std::vector<ClientConnection*> idle;
  for (const auto& [key, host] : hosts_->map) {
    for (ClientConnection* connection = host->first_idle; connection; connection = connection->next_) {
      idle.push_back(connection);
    }
  }
  for (ClientConnection* connection : idle) delete connection;
}

ClientPool::Host& ClientPool::HostOf(const Origin& origin) {
  const auto found = hosts_->map.find(KeyOf(origin));
  if (found != hosts_->map.end()) return *found->second;
  auto host = std::make_unique<Host>();
  host->origin = origin;
  Host& result = *host;
  hosts_->map.emplace(KeyOf(result.origin), std::move(host));
  return result;
}

void ClientPool::Forget(Host& host) {
  if (host.connections > 0) return;
  // The key lies in the value: the erased node must keep it until it was compared.
  const auto found = hosts_->map.find(KeyOf(host.origin));
  if (found == hosts_->map.end()) return;
  if (hosts_->found_last == &host) hosts_->found_last = nullptr;
  const std::unique_ptr<Host> last = std::move(found->second);
  hosts_->map.erase(found);
}

ClientConnection* ClientPool::TakeIdle(const Origin& origin) {
  if (hosts_->found_last == nullptr || KeyOf(hosts_->found_last->origin) != KeyOf(origin)) {
    const auto found = hosts_->map.find(KeyOf(origin));
    if (found == hosts_->map.end()) return nullptr;
    hosts_->found_last = found->second.get();
  }
  ClientConnection* connection = hosts_->found_last->first_idle;
  if (connection) Unlist(connection);
  return connection;
}

void ClientPool::Unlist(ClientConnection* connection) {
  Host& host = connection->host_;
  if (connection->previous_) {
    connection->previous_->next_ = connection->next_;
  } else {
    host.first_idle = connection->next_;
  }
  if (connection->next_) connection->next_->previous_ = connection->previous_;
  connection->next_ = connection->previous_ = nullptr;
  connection->idle_ = false;
  connection->idle_timer_.Stop();
  --host.idle;
  --idle_;
}

void ClientPool::Keep(ClientConnection* connection) {
  Host& host = connection->host_;
  connection->exchange_ = nullptr;
  if (host.idle >= options_.max_idle_per_host) {
    delete connection;
    return;
  }
  connection->in_.NextMessage();
  // It may have paused behind a body that nobody read; an end of file must be seen.
  connection->ResumeReading();
  connection->next_ = host.first_idle;
  if (host.first_idle) host.first_idle->previous_ = connection;
  host.first_idle = connection;
  connection->idle_ = true;
  ++host.idle;
  ++idle_;
  if (options_.idle_timeout_ms > 0) {
    connection->idle_timer_.Start(
        loop_, options_.idle_timeout_ms,
        [](void* argument) { delete static_cast<ClientConnection*>(argument); }, connection);
  }
}

ClientDial* ClientPool::StartDial(ClientExchange& exchange, const Origin& origin, uint64_t timeout_ms) {
  auto* dial = new ClientDial(*this, &exchange);
  dial->next = dials_;
  if (dials_) dials_->previous = dial;
  dials_ = dial;
  ++opened_;
  const HttpProxy* proxy = origin.proxy.get();
  dial->task = dial->Run(proxy ? proxy->host : origin.host, proxy ? proxy->port : origin.port, timeout_ms);
  return dial;
}

void ClientPool::EndDial(ClientDial* dial) {
  if (dial->previous) {
    dial->previous->next = dial->next;
  } else {
    dials_ = dial->next;
  }
  if (dial->next) dial->next->previous = dial->previous;
  delete dial;
}

async::Task<void> ClientDial::Run(std::string host, uint16_t port, uint64_t timeout_ms) {
  absl::StatusOr<os::UniqueFd> result = co_await pool.dialer_.Dial(std::move(host), port, timeout_ms);
  // Not here: this coroutine's frame belongs to the dial.
  removal.Schedule(
      pool.loop_,
      [](void* argument) {
        auto* self = static_cast<ClientDial*>(argument);
        self->pool.EndDial(self);
      },
      this);
  if (!exchange) co_return;
  ClientExchange* waiting = std::exchange(exchange, nullptr);
  waiting->dial_ = nullptr;
  waiting->dialled_ = std::move(result);
  waiting->Notify();
}

}  // namespace aisix::http
