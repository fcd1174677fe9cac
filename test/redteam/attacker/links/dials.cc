// Dial links: what a taken-over proxy may ask egress for, and what a taken-over egress may answer.
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "lib/ipc/dial_protocol.h"
#include "test/redteam/attacker/links/abuse.h"

namespace aisix::redteam {
namespace {

constexpr int kPatienceMs = 15'000;

const char* OutcomeName(ipc::DialOutcome outcome) {
  switch (outcome) {
    case ipc::DialOutcome::kConnected:
      return "connected";
    case ipc::DialOutcome::kNotConfigured:
      return "not configured";
    case ipc::DialOutcome::kDenied:
      return "denied";
    case ipc::DialOutcome::kNotResolved:
      return "not resolved";
    case ipc::DialOutcome::kConnectFailed:
      return "failed";
    case ipc::DialOutcome::kTimedOut:
      return "timed out";
    case ipc::DialOutcome::kOverloaded:
      return "overloaded";
    case ipc::DialOutcome::kBadRequest:
      return "bad request";
  }
  return "unknown";
}

ipc::DialRequest Request(const std::string& destination) {
  static uint64_t last = 1'000'000;
  ipc::DialRequest request;
  request.id = ++last;
  request.timeout_ms = 10'000;
  request.destination = destination;
  return request;
}

std::string Answer(int fd) {
  for (;;) {
    const absl::StatusOr<std::optional<ipc::DialReply>> reply = ipc::ReceiveDialReply(fd);
    if (!reply.ok()) return "closed";
    if (reply->has_value()) return OutcomeName((*reply)->outcome);
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, kPatienceMs) == 0) return "no answer";
  }
}

std::string Dial(int fd, const std::string& destination) {
  if (!ipc::SendDialRequest(fd, Request(destination)).ok()) return "closed";
  return Answer(fd);
}

std::string DialTwice(int fd, const std::string& destination) {
  const ipc::DialRequest request = Request(destination);
  static_cast<void>(ipc::SendDialRequest(fd, request));
  static_cast<void>(ipc::SendDialRequest(fd, request));
  for (;;) {
    if (const std::string answer = Answer(fd); answer == "closed" || answer == "no answer") return answer;
  }
}

// First all the questions that the link takes, then all the answers.
std::string DialUnread(int fd, const std::string& destination, size_t count) {
  size_t sent = 0;
  while (sent < count) {
    const absl::Status status = ipc::SendDialRequest(fd, Request(destination));
    if (status.ok()) {
      ++sent;
      continue;
    }
    if (!absl::IsResourceExhausted(status)) return "closed after " + std::to_string(sent);
    pollfd waiting{fd, POLLOUT, 0};
    if (::poll(&waiting, 1, kPatienceMs) == 0) break;
  }
  std::map<std::string, size_t> outcomes;
  for (size_t i = 0; i < sent; ++i) ++outcomes[Answer(fd)];
  std::string text;
  for (const auto& [name, number] : outcomes)
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(number);
  return text;
}

std::string ForgeReply(int fd, const std::string& form) {
  ipc::DialReply reply;
  reply.id = 77;
  if (form == "unasked") {
    reply.outcome = ipc::DialOutcome::kConnectFailed;
  } else if (form == "outcome") {
    reply.outcome = static_cast<ipc::DialOutcome>(200);
  } else if (form == "descriptor") {
    reply.fd = os::UniqueFd(fd);  // the link itself
  }
  const absl::Status sent = ipc::SendDialReply(fd, reply);
  static_cast<void>(reply.fd.release());
  return sent.ok() ? "sent" : "closed";
}

}  // namespace

std::string RunDials(const Held& link, const std::vector<std::string>& words) {
  const std::string& what = words[0];
  if (what == "dial") return Dial(link.fd, words.at(2));
  if (what == "dial-twice") return DialTwice(link.fd, words.at(2));
  if (what == "dial-unread")
    return DialUnread(link.fd, words.at(2), std::strtoull(words.at(3).c_str(), nullptr, 10));
  if (what == "forge-reply") return ForgeReply(link.fd, words.at(2));
  return {};
}

}  // namespace aisix::redteam
