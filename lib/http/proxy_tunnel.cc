#include "lib/http/proxy_tunnel.h"

#include <sys/uio.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/http/wire/head_writer.h"

namespace aisix::http {
namespace {

constexpr size_t kMaxAnswer = 16 * 1024;
constexpr size_t kMaxReason = 100;

std::string RequestFor(const Origin& origin) {
  // The authority always has its port here.
  const bool v6 = origin.host.find(':') != std::string::npos;
  const std::string authority = absl::StrCat(v6 ? "[" : "", origin.host, v6 ? "]:" : ":", origin.port);
  std::string request = absl::StrCat("CONNECT ", authority, " HTTP/1.1\r\nhost: ", authority, "\r\n");
  if (!origin.proxy->authorization.empty()) {
    absl::StrAppend(&request, "proxy-authorization: ", origin.proxy->authorization, "\r\n");
  }
  return request + "\r\n";
}

}  // namespace

ProxyTunnel::ProxyTunnel(net::TransportPtr transport, const Origin& origin, bool open, Callback on_end,
                         void* argument)
    : transport_(std::move(transport)),
      open_(open),
      on_end_(on_end),
      argument_(argument),
      request_(RequestFor(origin)),
      limits_{kMaxAnswer, 128},
      parser_(HeadParser::Type::kResponse, limits_),
      input_(std::make_unique<char[]>(kMaxAnswer)) {}

void ProxyTunnel::Start() {
  transport_->SetReceiver(this);
  if (open_) SendRequest();
}

void ProxyTunnel::SendRequest() {
  const iovec piece{request_.data(), request_.size()};
  // A failed write is seen as the end of reading, which may still bring the proxy's answer.
  (void)transport_->Write(&piece, 1);
}

std::span<char> ProxyTunnel::ReadSpace() {
  if (ended_) return {};
  return {input_.get() + received_, kMaxAnswer - received_};
}

void ProxyTunnel::OnRead(size_t size) {
  if (ended_ || size == 0) return;
  received_ += size;
  while (true) {
    const HeadParser::Result result = parser_.Parse(input_.get(), received_);
    if (result == HeadParser::Result::kMore) {
      if (received_ == kMaxAnswer) End(absl::UnavailableError("its answer to CONNECT is too large"));
      return;
    }
    if (result == HeadParser::Result::kFailed) {
      End(absl::UnavailableError("its answer to CONNECT is not HTTP"));
      return;
    }
    if (parser_.response().status >= 200) break;
    // 1xx heads announce the one that counts.
    const size_t interim = parser_.head_size();
    received_ -= interim;
    std::memmove(input_.get(), input_.get() + interim, received_);
    parser_.Reset();
    if (received_ == 0) return;
  }
  End(Judge());
}

absl::Status ProxyTunnel::Judge() const {
  const ResponseHead& head = parser_.response();
  if (head.status / 100 != 2) {
    if (head.status == 407) return absl::UnavailableError("407: it does not accept the credentials");
    std::string_view reason = head.reason.empty() ? ReasonPhrase(head.status) : head.reason;
    reason = HasControlBytes(reason) ? std::string_view() : reason.substr(0, kMaxReason);
    return absl::UnavailableError(absl::StrCat("it answered CONNECT with ", head.status,
                                               reason.empty() ? "" : " ",
                                               absl::string_view(reason.data(), reason.size())));
  }
  // In TLS the client speaks first: such bytes are not the origin's.
  if (received_ > parser_.head_size()) return absl::UnavailableError("bytes came before the tunnel was used");
  return absl::OkStatus();
}

void ProxyTunnel::OnEnd(absl::Status status) {
  if (ended_) return;
  transport_.reset();
  if (status.ok()) status = absl::UnavailableError("it closed the connection");
  End(absl::UnavailableError(status.message()));
}

void ProxyTunnel::OnWritten(absl::Status) {}

void ProxyTunnel::End(absl::Status status) {
  ended_ = true;
  status_ = std::move(status);
  if (transport_ != nullptr) transport_->SetReceiver(nullptr);
  on_end_(argument_);
}

net::TransportPtr ProxyTunnel::Take() {
  return std::move(transport_);
}

}  // namespace aisix::http
