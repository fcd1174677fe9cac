#include "lib/http/server.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>

#include "lib/http/server_connection.h"

namespace aisix::http {

Server::Server(async::Loop& loop, Handler& handler, ServerOptions options)
    : loop_(loop), handler_(handler), options_(std::move(options)) {
  const std::string& name = options_.server_header;
  if (!name.empty() && !HasControlBytes(name)) server_line_ = "server: " + name + "\r\n";
}

Server::~Server() {
  listeners_.clear();
  while (first_) Remove(first_);
}

absl::Status Server::Listen(os::UniqueFd socket, bool secure) {
  if (secure && !security_) return absl::FailedPreconditionError("no certificate for a TLS listener");
  auto listener = net::Listener::Start(loop_, std::move(socket),
                                       [this, secure](os::UniqueFd accepted, const net::Address& peer) {
                                         Adopt(std::move(accepted), peer, secure);
                                       });
  if (!listener.ok()) return listener.status();
  listeners_.push_back(*std::move(listener));
  return absl::OkStatus();
}

void Server::Adopt(os::UniqueFd socket, const net::Address& peer, bool secure) {
  absl::StatusOr<net::TransportPtr> transport = net::AdoptSocket(loop_, std::move(socket));
  if (!transport.ok()) return;
  if (secure) {
    if (!security_) return;
    *transport = security_->Accept(loop_, *std::move(transport));
  }
  auto* connection = new ServerConnection(*this, *std::move(transport), peer, secure);
  connection->next_ = first_;
  if (first_) first_->previous_ = connection;
  first_ = connection;
  connection_count_.store(connections() + 1, std::memory_order_relaxed);
  connection->Start();
}

void Server::StopListening() {
  closing_ = true;
  listeners_.clear();
}

void Server::StopAccepting() {
  StopListening();
  for (ServerConnection* connection = first_; connection; connection = connection->next_) {
    connection->StopWhenIdle();
  }
}

void Server::Remove(ServerConnection* connection) {
  if (connection->previous_) {
    connection->previous_->next_ = connection->next_;
  } else {
    first_ = connection->next_;
  }
  if (connection->next_) connection->next_->previous_ = connection->previous_;
  connection_count_.store(connections() - 1, std::memory_order_relaxed);
  delete connection;
}

std::string_view Server::DateLine() {
  static constexpr char kDays[] = "SunMonTueWedThuFriSat";
  static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr size_t kSize = 37;  // "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
  const std::time_t now = std::time(nullptr);
  if (now == date_second_) return {date_line_, kSize};
  date_second_ = now;
  std::tm parts{};
  gmtime_r(&now, &parts);
  char* at = date_line_;
  const auto text = [&at](const char* from, size_t size) {
    std::memcpy(at, from, size);
    at += size;
  };
  const auto number = [&at](int value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
    at += digits;
  };
  text("date: ", 6);
  text(kDays + 3 * parts.tm_wday, 3);
  text(", ", 2);
  number(parts.tm_mday, 2);
  text(" ", 1);
  text(kMonths + 3 * parts.tm_mon, 3);
  text(" ", 1);
  number(parts.tm_year + 1900, 4);
  text(" ", 1);
  number(parts.tm_hour, 2);
  text(":", 1);
  number(parts.tm_min, 2);
  text(":", 1);
  number(parts.tm_sec, 2);
  text(" GMT\r\n", 6);
  return {date_line_, kSize};
}

}  // namespace aisix::http
