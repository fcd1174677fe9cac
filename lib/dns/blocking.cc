#include <poll.h>

#include <algorithm>

#include "lib/dns/channel.h"
#include "lib/dns/local.h"
#include "lib/dns/resolver.h"

namespace aisix::dns {
namespace {

using Clock = std::chrono::steady_clock;

// Waits for the sockets of the channel, at most until `until`; false: `wake` is readable.
bool Wait(Channel& channel, Clock::time_point until, int wake) {
  std::vector<pollfd> polled;
  for (const Channel::Socket& socket : channel.Sockets()) {
    const int events = (socket.readable ? POLLIN : 0) | (socket.writable ? POLLOUT : 0);
    polled.push_back({socket.fd, static_cast<short>(events), 0});
  }
  if (wake >= 0) polled.push_back({wake, POLLIN, 0});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  const auto limit = static_cast<int64_t>(channel.TimeoutMs().value_or(1000));
  ::poll(polled.data(), polled.size(), static_cast<int>(std::clamp<int64_t>(left, 0, limit)));
  if (wake >= 0) {
    if (polled.back().revents != 0) return false;
    polled.pop_back();
  }
  channel.Process(-1, -1);
  for (const pollfd& socket : polled) {
    if (socket.revents == 0) continue;
    channel.Process((socket.revents & ~POLLOUT) != 0 ? socket.fd : -1,
                    (socket.revents & POLLOUT) != 0 ? socket.fd : -1);
  }
  return true;
}

}  // namespace

Result ResolveBlocking(const Settings& settings, const std::string& host, std::chrono::milliseconds limit,
                       int wake) {
  if (std::optional<Answer> local = AnswerLocally(settings, host)) return *std::move(local);
  absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Make(settings.resolv_conf, nullptr);
  if (!channel.ok()) return absl::UnavailableError(channel.status().message());
  const Clock::time_point until = Clock::now() + limit;
  std::optional<absl::StatusOr<Cache::Entry>> found;
  (*channel)->Query(host, [&](absl::StatusOr<Cache::Entry> entry) { found = std::move(entry); });
  while (!found) {
    if (Clock::now() >= until) return absl::DeadlineExceededError("the name servers do not answer in time");
    if (!Wait(**channel, until, wake)) return absl::CancelledError("cancelled");
  }
  if (!found->ok()) return found->status();
  return Answer{std::move((*found)->addresses), Source::kServer};
}

}  // namespace aisix::dns
