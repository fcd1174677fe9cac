// One connection to one endpoint, and the stubs on it. Used inside this folder only.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "admin_worker/source/etcd/client/connector.h"
#include "admin_worker/source/etcd/client/endpoint.h"
#include "proto/etcd.grpc.pb.h"

namespace aisix::admin::etcd {

class Connection {
 public:
  Connection(Endpoint endpoint, size_t index, RawConnection raw);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }
  size_t index() const { return index_; }
  // Something that speaks etcd's protocol has answered on it.
  bool answered() const { return answered_; }
  // Why a secured connection ended; OK: not known.
  absl::Status end() const { return end_->Get(); }

  etcdserverpb::KV::Stub& kv() { return *kv_; }
  etcdserverpb::Watch::Stub& watch() { return *watch_; }
  etcdserverpb::Auth::Stub& auth() { return *auth_; }

  void SetToken(std::string token);
  bool has_token() const;
  // The context of one call: its deadline and token, and that CancelCalls reaches it.
  class Context {
   public:
    Context(Connection& connection, std::chrono::system_clock::time_point deadline);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    grpc::ClientContext* get() { return &context_; }

   private:
    Connection& connection_;
    grpc::ClientContext context_;
  };

  // The cheapest question that any etcd answers, also one that is cut off from its cluster. OK: something
  // that speaks etcd's protocol answered.
  absl::Status Probe(const std::string& key, std::chrono::milliseconds timeout);

  // Lets go of credentials that were received and have been replaced: gRPC receives into blocks and keeps the
  // last one until it is full, so this reads names below `prefix` until it is. Gives up when etcd does not
  // answer.
  void FillReceiveBlock(const std::string& prefix, std::chrono::milliseconds timeout);

  // Calls that are under way, and later ones, fail.
  void CancelCalls();

 private:
  const Endpoint endpoint_;
  const size_t index_;
  std::shared_ptr<ConnectionEnd> end_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  std::unique_ptr<etcdserverpb::Watch::Stub> watch_;
  std::unique_ptr<etcdserverpb::Auth::Stub> auth_;
  std::atomic<bool> answered_ = false;
  mutable std::mutex mutex_;
  std::string token_;                        // guarded by mutex_, as what follows
  std::set<grpc::ClientContext*> contexts_;  // of calls that are under way
  bool cancelled_ = false;
};

absl::Status ToAbsl(const grpc::Status& status);

}  // namespace aisix::admin::etcd
