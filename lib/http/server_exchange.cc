#include "lib/http/server_exchange.h"

#include <utility>

#include "lib/http/server_connection.h"

namespace aisix::http {

const RequestHead& ServerExchange::request() const {
  return connection_.request();
}
const net::Address& ServerExchange::peer() const {
  return connection_.peer();
}
bool ServerExchange::secure() const {
  return connection_.secure();
}
async::Loop& ServerExchange::loop() const {
  return connection_.loop();
}

async::Maybe<absl::StatusOr<std::span<char>>> ServerExchange::ReadBody(uint64_t limit) {
  return connection_.ReadBody(limit);
}
async::Maybe<absl::StatusOr<std::string_view>> ServerExchange::ReadSome() {
  return connection_.ReadSome();
}
void ServerExchange::WipeCredentials() {
  connection_.WipeCredentials();
}
void ServerExchange::ReleaseBody() {
  connection_.ReleaseBody();
}
void ServerExchange::ReleaseRequest() {
  connection_.ReleaseRequest();
}
async::Maybe<DrainResult> ServerExchange::Drain(uint64_t max_bytes, uint64_t max_ms) {
  return connection_.Drain(max_bytes, max_ms);
}

async::Maybe<absl::Status> ServerExchange::Respond(int status, std::span<const Header> headers,
                                                   std::string_view body) {
  return connection_.Respond(status, headers, {&body, 1});
}
async::Maybe<absl::Status> ServerExchange::RespondV(int status, std::span<const Header> headers,
                                                    std::span<const std::string_view> pieces) {
  return connection_.Respond(status, headers, pieces);
}
void ServerExchange::StartStream(int status, std::span<const Header> headers,
                                 std::optional<uint64_t> content_length) {
  connection_.StartStream(status, headers, content_length);
}
async::Maybe<absl::Status> ServerExchange::Write(std::string_view piece) {
  return connection_.WritePieces({&piece, 1}, false);
}
async::Maybe<absl::Status> ServerExchange::WriteV(std::span<const std::string_view> pieces) {
  return connection_.WritePieces(pieces, false);
}
async::Maybe<absl::Status> ServerExchange::Finish(std::string_view last_piece) {
  return connection_.WritePieces({&last_piece, 1}, true);
}
void ServerExchange::Abort() {
  connection_.Abort();
}

bool ServerExchange::response_started() const {
  return connection_.response_started();
}
uint64_t ServerExchange::body_bytes_sent() const {
  return connection_.body_bytes_sent();
}
void ServerExchange::CloseAfterResponse() {
  connection_.CloseAfterResponse();
}
void ServerExchange::SetAbortHook(void (*hook)(void* argument), void* argument) {
  connection_.OnAbort(hook, argument);
}
bool ServerExchange::caller_gone() const {
  return connection_.caller_gone();
}

}  // namespace aisix::http
