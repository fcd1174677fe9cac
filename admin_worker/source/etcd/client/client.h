// A client of etcd's v3 API over several endpoints (spec 02 §3.1): connections are made when they are needed,
// a broken one is replaced by one to the next endpoint, and the endpoint that works is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "admin_worker/source/etcd/client/change.h"
#include "admin_worker/source/etcd/client/connector.h"
#include "admin_worker/source/etcd/client/endpoint.h"

namespace aisix::admin::etcd {

class Connection;
class Watch;

// Keys from `begin` to before `end`, as bytes.
struct KeyRange {
  std::string begin, end;
};
// Every key that begins with `prefix`.
KeyRange PrefixRange(std::string_view prefix);

struct PageRequest {
  KeyRange range;
  int64_t revision = 0;  // of the history; 0: the newest
  int64_t limit = 0;     // keys; 0: all
};

struct Page {
  int64_t revision = 0;  // at which the page was read: ask for the next page at this one
  std::vector<KeyValue> entries;
  bool more = false;
};

struct PutOperation {
  std::string key, value;
};
struct DeleteOperation {
  std::string key;
};
using WriteOperation = std::variant<PutOperation, DeleteOperation>;

// Holds while the key was last modified at this revision; 0: while there is no such key.
struct UnmodifiedSince {
  std::string key;
  int64_t mod_revision = 0;
};

// All operations, or none when a condition does not hold.
struct Transaction {
  std::vector<UnmodifiedSince> conditions;
  std::vector<WriteOperation> operations;
};

struct TransactionResult {
  bool succeeded = false;
  int64_t revision = 0;
};

// When a watch doubts that anybody is there.
struct Liveness {
  absl::Duration quiet = absl::Seconds(1);          // nothing came: a sign of life is asked for
  absl::Duration patience = absl::Seconds(1);       // and awaited, before a question that every etcd answers
  absl::Duration probe = absl::Milliseconds(1200);  // how long that may take
};

struct ClientOptions {
  std::vector<Endpoint> endpoints;
  std::string prefix;           // for messages, and to see whether a connection is alive
  std::string user, password;   // both or none
  std::string password_source;  // the variable that holds it, for messages
  uint64_t dial_timeout_ms = 5000;
  uint64_t request_timeout_ms = 5000;
  Liveness liveness;
};

// Every method may be called from any thread; they wait for etcd, within the limits of the options for each
// endpoint. Errors say what to mend (error_text.h). Reads are tried on every endpoint; writes are not
// repeated once they may have been carried out.
class Client {
 public:
  // The connector is borrowed.
  Client(ClientOptions options, Connector& connector);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The smallest exchange that shows whether etcd can be used: a connection, and a token where there is a
  // user.
  absl::Status Check();

  absl::StatusOr<Page> Range(const PageRequest& request);
  // The revision of the change.
  absl::StatusOr<int64_t> Put(std::string_view key, std::string_view value);
  absl::StatusOr<int64_t> Delete(std::string_view key);
  absl::StatusOr<TransactionResult> Transact(const Transaction& transaction);

  // Changes of `range` from `revision` on.
  absl::StatusOr<std::unique_ptr<Watch>> StartWatch(const KeyRange& range, int64_t revision);

  // The next call makes a new connection, to the next endpoint when `connection` is the present one.
  void Discard(const Connection& connection);
  // The next call authenticates anew.
  void ForgetToken();
  // Where the present connection keeps credentials that it has received and that have been replaced since,
  // they are overwritten.
  void ForgetReceived();
  // Calls that are under way fail, and so does every later one; the connector is closed too. For the end.
  void Close();
  // The endpoint of the present connection, for messages; empty: none.
  std::string endpoint_name() const;

 private:
  friend class Watch;
  using ConnectionPtr = std::shared_ptr<Connection>;
  // One call on one connection.
  using Call = std::function<absl::Status(Connection&, std::chrono::system_clock::time_point)>;

  absl::StatusOr<ConnectionPtr> Acquire();
  absl::StatusOr<ConnectionPtr> Connect(size_t index, uint64_t dial_timeout_ms);
  absl::Status Authenticate(Connection& connection);
  absl::Status Explain(const Connection& connection, const absl::Status& status) const;
  enum class Repeat { kAlways, kUnlessSent };
  absl::Status Perform(Repeat repeat, const Call& call);

  const ClientOptions options_;
  Connector& connector_;
  std::mutex connect_mutex_;  // one thread connects at a time
  mutable std::mutex mutex_;
  ConnectionPtr connection_;  // guarded by mutex_
  size_t preferred_ = 0;      // guarded by mutex_: the endpoint to begin with
  bool closed_ = false;       // guarded by mutex_
};

}  // namespace aisix::admin::etcd
