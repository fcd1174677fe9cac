#include "lib/dns/resolver.h"

#include <utility>

#include "lib/async/fd_watcher.h"
#include "lib/dns/channel.h"
#include "lib/dns/local.h"

namespace aisix::dns {

struct Resolver::Query {
  struct Waiter {
    Callback callback;
    bool again;  // what the cache holds is of no use to it
  };

  Query(Resolver& resolver, std::string host) : resolver(resolver), host(std::move(host)) {}

  Resolver& resolver;
  const std::string host;
  std::vector<Waiter> waiters;
  async::Timer stale_timer;
};

class Resolver::Service final : public SocketObserver {
 public:
  explicit Service(Resolver& resolver) : resolver_(resolver) {
    absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Make(resolver.settings_.resolv_conf, this);
    if (channel.ok()) channel_ = *std::move(channel);
  }
  ~Service() override {
    timer_.Stop();
    channel_.reset();
  }

  void Start(Query& query) {
    if (channel_ == nullptr) {
      resolver_.OnLookup(query, absl::UnavailableError("name resolution failed"));
      return;
    }
    channel_->Query(query.host, [this, &query](const absl::StatusOr<Cache::Entry>& entry) {
      if (!retired_) resolver_.OnLookup(query, entry);
    });
    ArmTimer();
  }

  // Answers that still come are of no interest. It may be one of them that is being told.
  void Retire() {
    retired_ = true;
    timer_.Stop();
  }

  void OnSocket(int fd, bool readable, bool writable) override {
    if (!readable && !writable) {
      sockets_.erase(fd);
      return;
    }
    std::unique_ptr<Socket>& socket = sockets_[fd];
    if (socket == nullptr) socket = std::make_unique<Socket>(*this, fd);
    socket->watcher.Watch((readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
  }

 private:
  struct Socket {
    Socket(Service& service, int fd)
        : service(service), fd(fd), watcher(service.resolver_.loop_, fd, &Socket::OnReady, this) {}
    static void OnReady(void* argument, int events) {
      auto* self = static_cast<Socket*>(argument);
      const int fd = self->fd;
      // May close this socket and destroy `self`.
      self->service.Process((events & UV_READABLE) != 0 ? fd : -1, (events & UV_WRITABLE) != 0 ? fd : -1);
    }

    Service& service;
    const int fd;
    async::FdWatcher watcher;
  };

  void Process(int readable, int writable) {
    channel_->Process(readable, writable);
    if (!retired_) ArmTimer();
  }

  void ArmTimer() {
    const std::optional<uint64_t> wait = channel_->TimeoutMs();
    if (!wait) {
      timer_.Stop();
      return;
    }
    timer_.Start(
        resolver_.loop_, *wait, [](void* self) { static_cast<Service*>(self)->Process(-1, -1); }, this);
  }

  Resolver& resolver_;
  bool retired_ = false;
  absl::flat_hash_map<int, std::unique_ptr<Socket>> sockets_;
  async::Timer timer_;
  std::unique_ptr<Channel> channel_;  // null: c-ares has no memory
};

Resolver::Resolver(async::Loop& loop, Settings settings, ResolverOptions options)
    : loop_(loop), settings_(std::move(settings)), options_(options), cache_(options.cache) {
  service_ = std::make_unique<Service>(*this);
}

Resolver::~Resolver() = default;

void Resolver::Resolve(const std::string& host, Callback callback) {
  Ask(host, std::move(callback), false);
}

void Resolver::ResolveAgain(const std::string& host, Callback callback) {
  Ask(host, std::move(callback), true);
}

void Resolver::Ask(const std::string& host, Callback callback, bool again) {
  if (std::optional<Answer> local = AnswerLocally(settings_, host)) {
    callback(*std::move(local));
    return;
  }
  const Cache::Found found = cache_.Find(host, loop_.NowMs());
  if (found.entry != nullptr && (!again || found.age_ms < options_.again_after_ms)) {
    if (found.entry->addresses.empty()) {
      callback(absl::NotFoundError("the host name does not resolve"));
    } else {
      callback(Answer{found.entry->addresses, found.stale ? Source::kStale : Source::kCache});
    }
    return;
  }
  std::unique_ptr<Query>& query = queries_[host];
  const bool running = query != nullptr;
  if (!running) query = std::make_unique<Query>(*this, host);
  Query& started = *query;  // the map may move when the answer comes at once
  started.waiters.push_back({std::move(callback), again});
  if (!running) Start(started);
}

void Resolver::Start(Query& query) {
  query.stale_timer.Start(loop_, options_.stale_after_ms, &Resolver::OnStaleTimer, &query);
  service_->Start(query);
}

Cache::Found Resolver::Revive(const Query& query) {
  return cache_.Revive(query.host, loop_.NowMs());
}

// The query goes on, for the cache.
void Resolver::OnStaleTimer(void* argument) {
  auto* query = static_cast<Query*>(argument);
  const Cache::Found found = query->resolver.Revive(*query);
  if (found.entry == nullptr) return;
  const Result answer = Answer{found.entry->addresses, Source::kStale};
  std::vector<Query::Waiter> served;
  for (Query::Waiter& waiter : query->waiters) {
    if (!waiter.again) served.push_back(std::move(waiter));
  }
  std::erase_if(query->waiters, [](const Query::Waiter& waiter) { return !waiter.again; });
  for (Query::Waiter& waiter : served) waiter.callback(answer);
}

void Resolver::OnLookup(Query& query, const absl::StatusOr<Cache::Entry>& result) {
  Result fresh = absl::UnknownError("");
  Result stale = absl::UnknownError("");
  if (result.ok()) {
    fresh = Answer{result->addresses, Source::kServer};
    cache_.Put(query.host, *result, loop_.NowMs());
  } else {
    fresh = result.status();
    if (absl::IsNotFound(result.status())) {
      cache_.Put(query.host, {}, loop_.NowMs());
    } else if (const Cache::Found found = Revive(query); found.entry != nullptr) {
      stale = Answer{found.entry->addresses, Source::kStale};
    }
  }
  // A callback may ask for the same name again: that is a new query.
  auto found = queries_.find(query.host);
  const std::unique_ptr<Query> owned = std::move(found->second);
  queries_.erase(found);
  owned->stale_timer.Stop();
  for (Query::Waiter& waiter : owned->waiters) waiter.callback(!waiter.again && stale.ok() ? stale : fresh);
}

void Resolver::SetSettings(Settings settings) {
  settings_ = std::move(settings);
  cache_.Clear();
  service_->Retire();
  retired_.push_back(std::move(service_));
  sweep_.Schedule(
      loop_, [](void* self) { static_cast<Resolver*>(self)->retired_.clear(); }, this);
  service_ = std::make_unique<Service>(*this);
  std::vector<std::string> hosts;
  for (const auto& [host, query] : queries_) hosts.push_back(host);
  for (const std::string& host : hosts) {
    // The answer to one may come at once, and its callback may ask for another.
    auto found = queries_.find(host);
    if (found != queries_.end()) Start(*found->second);
  }
}

}  // namespace aisix::dns
