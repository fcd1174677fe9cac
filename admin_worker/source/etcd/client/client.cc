#include "admin_worker/source/etcd/client/client.h"

#include <algorithm>
#include <utility>

#include "admin_worker/source/etcd/client/connection.h"
#include "admin_worker/source/etcd/client/error_text.h"
#include "admin_worker/source/etcd/client/watch.h"
#include "lib/crypto/secret.h"

namespace aisix::admin::etcd {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

// How long a new connection may take to show that etcd is behind it. A relay or a load balancer accepts
// connections also when nothing is behind it.
constexpr milliseconds kFirstAnswer(1500);
// How long the first attempt at one of several endpoints may take.
constexpr uint64_t kHurriedDialMs = 1500;
// A token is renewed so often within one call: once because it is old, once because users changed meanwhile.
constexpr int kTokenRenewals = 2;

void SetWrite(const WriteOperation& operation, etcdserverpb::RequestOp& request) {
  if (const auto* put = std::get_if<PutOperation>(&operation)) {
    request.mutable_request_put()->set_key(put->key);
    request.mutable_request_put()->set_value(put->value);
  } else {
    request.mutable_request_delete_range()->set_key(std::get<DeleteOperation>(operation).key);
  }
}

}  // namespace

KeyRange PrefixRange(std::string_view prefix) {
  KeyRange range{std::string(prefix), std::string(prefix)};
  while (!range.end.empty() && static_cast<unsigned char>(range.end.back()) == 0xff) range.end.pop_back();
  if (range.end.empty()) {
    // etcd's way to say "to the last key"; the first key cannot be empty.
    range.end.assign(1, '\0');
    if (range.begin.empty()) range.begin.assign(1, '\0');
    return range;
  }
  ++range.end.back();
  return range;
}

Client::Client(ClientOptions options, Connector& connector)
    : options_(std::move(options)), connector_(connector) {}

Client::~Client() {
  if (connection_ != nullptr) connection_->CancelCalls();
}

absl::StatusOr<Client::ConnectionPtr> Client::Acquire() {
  const auto present = [this] {
    const std::lock_guard lock(mutex_);
    return connection_;
  };
  if (ConnectionPtr connection = present()) return connection;
  const std::lock_guard connecting(connect_mutex_);
  if (ConnectionPtr connection = present()) return connection;
  size_t first = 0;
  {
    const std::lock_guard lock(mutex_);
    first = preferred_;
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < options_.endpoints.size(); ++i)
    order.push_back((first + i) % options_.endpoints.size());
  // An endpoint that does not answer at all must not keep the others waiting: it gets its whole time only
  // when no other one can be reached.
  std::vector<uint64_t> limits{options_.dial_timeout_ms};
  if (order.size() > 1 && (limits[0] == 0 || limits[0] > kHurriedDialMs))
    limits.insert(limits.begin(), kHurriedDialMs);
  absl::Status failure;
  for (const uint64_t limit : limits) {
    std::vector<size_t> silent;
    for (const size_t index : order) {
      absl::StatusOr<ConnectionPtr> connection = Connect(index, limit);
      const std::lock_guard lock(mutex_);
      if (closed_) return absl::CancelledError("the client is closed");
      if (connection.ok()) {
        connection_ = *connection;
        preferred_ = index;
        return connection;
      }
      if (absl::IsDeadlineExceeded(connection.status())) silent.push_back(index);
      // What an operator can mend is told rather than that another node is down.
      if (failure.ok() || absl::IsUnavailable(failure) || absl::IsDeadlineExceeded(failure))
        failure = connection.status();
    }
    order = std::move(silent);
  }
  return failure;
}

absl::StatusOr<Client::ConnectionPtr> Client::Connect(size_t index, uint64_t dial_timeout_ms) {
  const Endpoint& endpoint = options_.endpoints[index];
  absl::StatusOr<RawConnection> raw = connector_.Connect(endpoint, dial_timeout_ms);
  if (!raw.ok()) return ConnectError(endpoint, raw.status(), connector_.tls().get());
  auto connection = std::make_shared<Connection>(endpoint, index, *std::move(raw));
  const milliseconds limit =
      options_.request_timeout_ms == 0
          ? kFirstAnswer
          : std::min(kFirstAnswer, milliseconds(static_cast<int64_t>(options_.request_timeout_ms)));
  if (const absl::Status alive = connection->Probe(options_.prefix, limit); !alive.ok())
    return Explain(*connection, alive);
  if (!options_.user.empty()) {
    if (const absl::Status status = Authenticate(*connection); !status.ok()) return status;
  }
  return connection;
}

absl::Status Client::Authenticate(Connection& connection) {
  etcdserverpb::AuthenticateRequest request;
  request.set_name(options_.user);
  request.set_password(options_.password);
  etcdserverpb::AuthenticateResponse response;
  connection.SetToken("");
  Connection::Context context(
      connection, system_clock::now() + milliseconds(static_cast<int64_t>(options_.request_timeout_ms)));
  const absl::Status status = ToAbsl(connection.auth().Authenticate(context.get(), request, &response));
  crypto::Wipe(*request.mutable_password());
  if (IsAuthenticationOff(status)) return absl::OkStatus();  // then nobody needs a token
  if (!status.ok()) return Explain(connection, status);
  connection.SetToken(response.token());
  return absl::OkStatus();
}

absl::Status Client::Explain(const Connection& connection, const absl::Status& status) const {
  if (IsConnectionFault(status))
    return BrokenConnection(connection.endpoint(), status, connection.end(), connection.answered(),
                            connector_.tls().get());
  return RefusedCall(connection.endpoint(), status, options_.user, options_.password_source, options_.prefix);
}

absl::Status Client::Perform(Repeat repeat, const Call& call) {
  int renewals = 0;
  size_t failures = 0;
  while (true) {
    absl::StatusOr<ConnectionPtr> connection = Acquire();
    if (!connection.ok()) return connection.status();
    const auto deadline =
        options_.request_timeout_ms == 0
            ? system_clock::time_point::max()
            : system_clock::now() + milliseconds(static_cast<int64_t>(options_.request_timeout_ms));
    const absl::Status status = call(**connection, deadline);
    if (status.ok()) return status;
    if (IsTokenFault(status) && !options_.user.empty() && renewals++ < kTokenRenewals) {
      const absl::Status renewed = Authenticate(**connection);
      if (renewed.ok()) continue;
      if (!IsConnectionFault(renewed)) return renewed;
    }
    const absl::Status explained = Explain(**connection, status);
    if (!IsConnectionFault(status)) return explained;
    Discard(**connection);
    if (repeat == Repeat::kUnlessSent || ++failures >= options_.endpoints.size()) return explained;
  }
}

absl::Status Client::Check() {
  return Acquire().status();
}

absl::StatusOr<Page> Client::Range(const PageRequest& page) {
  etcdserverpb::RangeRequest request;
  request.set_key(page.range.begin);
  request.set_range_end(page.range.end);
  request.set_revision(page.revision);
  request.set_limit(page.limit);
  etcdserverpb::RangeResponse response;
  const absl::Status status = Perform(Repeat::kAlways, [&](Connection& connection, auto deadline) {
    Connection::Context context(connection, deadline);
    return ToAbsl(connection.kv().Range(context.get(), request, &response));
  });
  if (!status.ok()) return status;
  Page result;
  result.revision = page.revision == 0 ? response.header().revision() : page.revision;
  result.more = response.more();
  result.entries.reserve(static_cast<size_t>(response.kvs_size()));
  for (etcdserverpb::KeyValue& entry : *response.mutable_kvs())
    result.entries.push_back(
        {std::move(*entry.mutable_key()), std::move(*entry.mutable_value()), entry.mod_revision()});
  return result;
}

absl::StatusOr<int64_t> Client::Put(std::string_view key, std::string_view value) {
  etcdserverpb::PutRequest request;
  request.set_key(std::string(key));
  request.set_value(std::string(value));
  etcdserverpb::PutResponse response;
  const absl::Status status = Perform(Repeat::kUnlessSent, [&](Connection& connection, auto deadline) {
    Connection::Context context(connection, deadline);
    return ToAbsl(connection.kv().Put(context.get(), request, &response));
  });
  crypto::Wipe(*request.mutable_value());
  if (!status.ok()) return status;
  return response.header().revision();
}

absl::StatusOr<int64_t> Client::Delete(std::string_view key) {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(std::string(key));
  etcdserverpb::DeleteRangeResponse response;
  const absl::Status status = Perform(Repeat::kUnlessSent, [&](Connection& connection, auto deadline) {
    Connection::Context context(connection, deadline);
    return ToAbsl(connection.kv().DeleteRange(context.get(), request, &response));
  });
  if (!status.ok()) return status;
  return response.header().revision();
}

absl::StatusOr<TransactionResult> Client::Transact(const Transaction& transaction) {
  etcdserverpb::TxnRequest request;
  for (const UnmodifiedSince& condition : transaction.conditions) {
    etcdserverpb::Compare& compare = *request.add_compare();
    compare.set_result(etcdserverpb::Compare::EQUAL);
    compare.set_target(etcdserverpb::Compare::MOD);
    compare.set_key(condition.key);
    compare.set_mod_revision(condition.mod_revision);
  }
  for (const WriteOperation& operation : transaction.operations) SetWrite(operation, *request.add_success());
  etcdserverpb::TxnResponse response;
  const absl::Status status = Perform(Repeat::kUnlessSent, [&](Connection& connection, auto deadline) {
    Connection::Context context(connection, deadline);
    return ToAbsl(connection.kv().Txn(context.get(), request, &response));
  });
  if (!status.ok()) return status;
  return TransactionResult{response.succeeded(), response.header().revision()};
}

absl::StatusOr<std::unique_ptr<Watch>> Client::StartWatch(const KeyRange& range, int64_t revision) {
  absl::StatusOr<ConnectionPtr> connection = Acquire();
  if (!connection.ok()) return connection.status();
  return std::make_unique<Watch>(*this, *std::move(connection), range, revision);
}

void Client::Discard(const Connection& connection) {
  ConnectionPtr gone;
  {
    const std::lock_guard lock(mutex_);
    if (connection_.get() != &connection) return;
    gone = std::move(connection_);
    connection_ = nullptr;
    preferred_ = (gone->index() + 1) % options_.endpoints.size();
  }
  gone->CancelCalls();
}

void Client::ForgetToken() {
  ConnectionPtr connection;
  {
    const std::lock_guard lock(mutex_);
    connection = std::exchange(connection_, nullptr);
  }
}

void Client::Close() {
  ConnectionPtr connection;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    connection = std::exchange(connection_, nullptr);
  }
  connector_.Close();
  if (connection != nullptr) connection->CancelCalls();
}

void Client::ForgetReceived() {
  ConnectionPtr connection;
  {
    const std::lock_guard lock(mutex_);
    connection = connection_;
  }
  if (connection != nullptr)
    connection->FillReceiveBlock(options_.prefix, std::chrono::milliseconds(options_.request_timeout_ms));
}

std::string Client::endpoint_name() const {
  const std::lock_guard lock(mutex_);
  return connection_ == nullptr ? std::string() : connection_->endpoint().Name();
}

}  // namespace aisix::admin::etcd
