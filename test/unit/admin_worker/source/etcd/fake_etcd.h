// An etcd in memory with the habits that a real one shows rarely: for tests. Speaks the real protocol on a
// real port.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proto/etcd.grpc.pb.h"

namespace aisix::admin::etcd {

class FakeEtcd {
 public:
  explicit FakeEtcd(int port = 0) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&kv_);
    builder.RegisterService(&watch_);
    builder.RegisterService(&auth_);
    server_ = builder.BuildAndStart();
  }
  ~FakeEtcd() { Stop(); }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      frozen_ = false;
    }
    changed_.notify_all();
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // Changes. The revision of the change.
  int64_t Put(const std::string& key, const std::string& value) { return Change({{key, value}}); }
  int64_t Delete(const std::string& key) { return Change({{key, std::nullopt}}); }
  // One revision, as a transaction makes it.
  int64_t Change(const std::vector<std::pair<std::string, std::optional<std::string>>>& changes) {
    int64_t revision = 0;
    {
      const std::lock_guard lock(mutex_);
      revision = ++revision_;
      for (const auto& [key, value] : changes) history_.push_back({revision, key, value});
    }
    changed_.notify_all();
    return revision;
  }
  // Nobody can read or watch from a revision below it; watches that did are told.
  void Compact(int64_t revision) {
    {
      const std::lock_guard lock(mutex_);
      compacted_ = revision;
    }
    changed_.notify_all();
  }
  // Watches end in an orderly way.
  void EndWatches() {
    {
      const std::lock_guard lock(mutex_);
      ++watch_generation_;
    }
    changed_.notify_all();
  }
  // Nothing is answered, connections stay open.
  void Freeze() { Set(frozen_, true); }
  void Thaw() { Set(frozen_, false); }
  // Progress requests are not known, as by servers before 3.4.
  void ForgetProgress() { Set(progress_, false); }

  // Users. With one, every call but Authenticate needs a token.
  void RequireUser(std::string user, std::string password) {
    const std::lock_guard lock(mutex_);
    user_ = std::move(user);
    password_ = std::move(password);
  }
  void ExpireTokens() { Set(tokens_, int64_t{0}); }
  // The next so many calls say that users have changed meanwhile.
  void MakeTokensOld(int calls) { Set(old_tokens_, calls); }
  void DenyReads(bool deny) { Set(deny_, deny); }
  // Pages of at most so many keys, whatever is asked for.
  void LimitPages(int64_t keys) { Set(page_limit_, keys); }
  // Called without locks before each page is answered.
  void OnRange(std::function<void(const etcdserverpb::RangeRequest&)> function) {
    on_range_ = std::move(function);
  }

  int ranges() const { return Get(ranges_); }
  int logins() const { return Get(logins_); }
  int watches() const { return Get(watches_); }

 private:
  struct Entry {
    int64_t revision;
    std::string key;
    std::optional<std::string> value;
  };

  template <typename T, typename U>
  void Set(T& member, U value) {
    {
      const std::lock_guard lock(mutex_);
      member = value;
    }
    changed_.notify_all();
  }
  template <typename T>
  T Get(const T& member) const {
    const std::lock_guard lock(mutex_);
    return member;
  }
  void WaitWhileFrozen(std::unique_lock<std::mutex>& lock) {
    changed_.wait(lock, [this] { return !frozen_ || stopping_; });
  }
  // OK when the caller may go on.
  grpc::Status CheckToken(const grpc::ServerContext& context) {
    if (user_.empty()) return grpc::Status::OK;
    const auto token = context.client_metadata().find("token");
    if (token == context.client_metadata().end())
      return {grpc::StatusCode::INVALID_ARGUMENT, "etcdserver: user name is empty"};
    if (old_tokens_ > 0) {
      --old_tokens_;
      return {grpc::StatusCode::INVALID_ARGUMENT, "etcdserver: revision of auth store is old"};
    }
    if (std::string(token->second.data(), token->second.size()) != "token-" + std::to_string(tokens_) ||
        tokens_ == 0)
      return {grpc::StatusCode::UNAUTHENTICATED, "etcdserver: invalid auth token"};
    return grpc::Status::OK;
  }
  bool InRange(const std::string& key, const std::string& begin, const std::string& end) const {
    if (end.empty()) return key == begin;
    return key >= begin && (end == std::string(1, '\0') || key < end);
  }

  class Kv final : public etcdserverpb::KV::Service {
   public:
    explicit Kv(FakeEtcd& etcd) : etcd_(etcd) {}
    grpc::Status Range(grpc::ServerContext* context, const etcdserverpb::RangeRequest* request,
                       etcdserverpb::RangeResponse* response) override {
      if (etcd_.on_range_ && !request->keys_only()) etcd_.on_range_(*request);
      std::unique_lock lock(etcd_.mutex_);
      etcd_.WaitWhileFrozen(lock);
      if (!request->keys_only()) ++etcd_.ranges_;
      if (const grpc::Status status = etcd_.CheckToken(*context); !status.ok()) return status;
      if (etcd_.deny_) return {grpc::StatusCode::PERMISSION_DENIED, "etcdserver: permission denied"};
      const int64_t at = request->revision() == 0 ? etcd_.revision_ : request->revision();
      if (at < etcd_.compacted_)
        return {grpc::StatusCode::OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"};
      std::map<std::string, Entry> state;
      for (const Entry& entry : etcd_.history_) {
        if (entry.revision > at || !etcd_.InRange(entry.key, request->key(), request->range_end())) continue;
        state.erase(entry.key);
        if (entry.value) state.emplace(entry.key, entry);
      }
      int64_t limit = request->limit();
      if (etcd_.page_limit_ > 0) limit = limit == 0 ? etcd_.page_limit_ : std::min(limit, etcd_.page_limit_);
      for (const auto& [key, entry] : state) {
        if (limit > 0 && response->kvs_size() == limit) {
          response->set_more(true);
          break;
        }
        etcdserverpb::KeyValue& row = *response->add_kvs();
        row.set_key(key);
        row.set_value(*entry.value);
        row.set_mod_revision(entry.revision);
      }
      response->mutable_header()->set_revision(etcd_.revision_);
      return grpc::Status::OK;
    }
    grpc::Status Put(grpc::ServerContext* context, const etcdserverpb::PutRequest* request,
                     etcdserverpb::PutResponse* response) override {
      {
        const std::lock_guard lock(etcd_.mutex_);
        if (const grpc::Status status = etcd_.CheckToken(*context); !status.ok()) return status;
      }
      response->mutable_header()->set_revision(etcd_.FakeEtcd::Put(request->key(), request->value()));
      return grpc::Status::OK;
    }
    grpc::Status DeleteRange(grpc::ServerContext*, const etcdserverpb::DeleteRangeRequest* request,
                             etcdserverpb::DeleteRangeResponse* response) override {
      response->mutable_header()->set_revision(etcd_.Delete(request->key()));
      return grpc::Status::OK;
    }
    grpc::Status Txn(grpc::ServerContext*, const etcdserverpb::TxnRequest* request,
                     etcdserverpb::TxnResponse* response) override {
      bool holds = true;
      {
        const std::lock_guard lock(etcd_.mutex_);
        for (const etcdserverpb::Compare& compare : request->compare()) {
          int64_t modified = 0;
          for (const Entry& entry : etcd_.history_) {
            if (entry.key == compare.key()) modified = entry.value ? entry.revision : 0;
          }
          holds =
              holds && compare.target() == etcdserverpb::Compare::MOD && modified == compare.mod_revision();
        }
      }
      response->set_succeeded(holds);
      if (!holds) return grpc::Status::OK;
      std::vector<std::pair<std::string, std::optional<std::string>>> changes;
      for (const etcdserverpb::RequestOp& operation : request->success()) {
        if (operation.has_request_put()) {
          changes.emplace_back(operation.request_put().key(), operation.request_put().value());
        } else {
          changes.emplace_back(operation.request_delete_range().key(), std::nullopt);
        }
      }
      response->mutable_header()->set_revision(etcd_.Change(changes));
      return grpc::Status::OK;
    }

   private:
    FakeEtcd& etcd_;
  };

  class WatchService final : public etcdserverpb::Watch::Service {
   public:
    explicit WatchService(FakeEtcd& etcd) : etcd_(etcd) {}
    grpc::Status Watch(
        grpc::ServerContext* context,
        grpc::ServerReaderWriter<etcdserverpb::WatchResponse, etcdserverpb::WatchRequest>* stream) override {
      etcdserverpb::WatchRequest request;
      if (!stream->Read(&request)) return grpc::Status::OK;
      const etcdserverpb::WatchCreateRequest create = request.create_request();
      std::mutex write_mutex;
      const auto write = [&](const etcdserverpb::WatchResponse& response) {
        const std::lock_guard lock(write_mutex);
        stream->Write(response);
      };
      uint64_t generation = 0;
      {
        std::unique_lock lock(etcd_.mutex_);
        etcd_.WaitWhileFrozen(lock);
        ++etcd_.watches_;
        generation = etcd_.watch_generation_;
        etcdserverpb::WatchResponse created;
        created.set_created(true);
        created.mutable_header()->set_revision(etcd_.revision_);
        if (!etcd_.CheckToken(*context).ok()) {
          // As etcd 3.4 tells it, whatever the reason is.
          created.set_canceled(true);
          created.set_cancel_reason(
              "rpc error: code = PermissionDenied desc = etcdserver: permission denied");
          lock.unlock();
          write(created);
          return grpc::Status::OK;
        }
        lock.unlock();
        write(created);
      }
      // Progress requests are answered beside the events.
      std::thread reader([&] {
        etcdserverpb::WatchRequest next;
        while (stream->Read(&next)) {
          std::unique_lock lock(etcd_.mutex_);
          etcd_.WaitWhileFrozen(lock);
          if (!next.has_progress_request() || !etcd_.progress_) continue;
          etcdserverpb::WatchResponse progress;
          progress.set_watch_id(-1);
          progress.mutable_header()->set_revision(etcd_.revision_);
          lock.unlock();
          write(progress);
        }
        etcd_.changed_.notify_all();
      });
      int64_t next = create.start_revision();
      while (!context->IsCancelled()) {
        std::unique_lock lock(etcd_.mutex_);
        etcd_.changed_.wait_for(lock, std::chrono::milliseconds(20), [&] {
          return etcd_.stopping_ || etcd_.watch_generation_ != generation ||
                 (!etcd_.frozen_ && (etcd_.compacted_ > next || etcd_.revision_ >= next));
        });
        if (etcd_.stopping_ || etcd_.watch_generation_ != generation) break;
        if (etcd_.frozen_) continue;
        etcdserverpb::WatchResponse response;
        response.mutable_header()->set_revision(etcd_.revision_);
        if (etcd_.compacted_ > next) {
          response.set_canceled(true);
          response.set_compact_revision(etcd_.compacted_);
          lock.unlock();
          write(response);
          break;
        }
        for (const Entry& entry : etcd_.history_) {
          if (entry.revision < next || !etcd_.InRange(entry.key, create.key(), create.range_end())) continue;
          etcdserverpb::Event& event = *response.add_events();
          event.set_type(entry.value ? etcdserverpb::Event::PUT : etcdserverpb::Event::DELETE);
          event.mutable_kv()->set_key(entry.key);
          event.mutable_kv()->set_mod_revision(entry.revision);
          if (entry.value) event.mutable_kv()->set_value(*entry.value);
        }
        next = etcd_.revision_ + 1;
        lock.unlock();
        if (response.events_size() > 0) write(response);
      }
      context->TryCancel();  // ends the reader
      reader.join();
      return grpc::Status::OK;
    }

   private:
    FakeEtcd& etcd_;
  };

  class Authentication final : public etcdserverpb::Auth::Service {
   public:
    explicit Authentication(FakeEtcd& etcd) : etcd_(etcd) {}
    grpc::Status Authenticate(grpc::ServerContext*, const etcdserverpb::AuthenticateRequest* request,
                              etcdserverpb::AuthenticateResponse* response) override {
      std::unique_lock lock(etcd_.mutex_);
      etcd_.WaitWhileFrozen(lock);
      ++etcd_.logins_;
      if (etcd_.user_.empty())
        return {grpc::StatusCode::FAILED_PRECONDITION, "etcdserver: authentication is not enabled"};
      if (request->name() != etcd_.user_ || request->password() != etcd_.password_)
        return {grpc::StatusCode::INVALID_ARGUMENT,
                "etcdserver: authentication failed, invalid user ID or password"};
      etcd_.tokens_ = ++etcd_.last_token_;
      response->set_token("token-" + std::to_string(etcd_.tokens_));
      return grpc::Status::OK;
    }

   private:
    FakeEtcd& etcd_;
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int64_t revision_ = 1;
  int64_t compacted_ = 0;
  std::vector<Entry> history_;
  uint64_t watch_generation_ = 0;
  bool stopping_ = false, frozen_ = false, progress_ = true, deny_ = false;
  std::string user_, password_;
  int64_t tokens_ = 0, last_token_ = 0;
  int old_tokens_ = 0;
  int64_t page_limit_ = 0;
  int ranges_ = 0, logins_ = 0, watches_ = 0;
  std::function<void(const etcdserverpb::RangeRequest&)> on_range_;
  Kv kv_{*this};
  WatchService watch_{*this};
  Authentication auth_{*this};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace aisix::admin::etcd
