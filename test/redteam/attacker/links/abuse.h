// What a taken-over zone can do over the links that it was given. Nothing here is stopped by the zone's own
// lock: the other side has to refuse it, and to go on.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/sandbox/lock.h"
#include "test/redteam/attacker/attempt.h"

namespace grpc {
class Channel;
}

namespace aisix::redteam {

// The lock that the zone's program would have called.
absl::StatusOr<sandbox::Report>
RealLock(const sandbox::Profile& profile, const sandbox::LockOptions& options) __asm__(
    "__real__ZN5aisix7sandbox4LockERKNS0_7ProfileERKNS0_11LockOptionsE");

// LINK is a name (the first of it), or name#index.
//   status LINK SUBJECT        asks Zone.Status: "OK: <json>" or the code of the refusal
//   collect LINK               asks Zone.Collect
//   push LINK KIND ID          Config.Push: a full synchronisation of one document; the code of the answer
//   endless-push LINK MIB      a push that never ends; how the stream ended, or "taken"
//   oversized LINK MIB         Zone.Status with a subject of that size
//   many-calls LINK COUNT      Zone.Status, that many at once without reading; how many were answered
//   garbage LINK               bytes that are no protocol
//   huge-frame LINK            an HTTP/2 frame that announces 16 MiB
//   endless-headers LINK MIB   an HTTP/2 header block that never ends
//   ping-flood LINK COUNT      HTTP/2 pings
//   flood-descriptors LINK     as many descriptors as the socket takes, by SCM_RIGHTS
//   big-packet LINK            a packet of 128 KiB
//   dial LINK HOST:PORT        the outcome of a dial
//   dial-twice LINK HOST:PORT  two dials of one number
//   dial-unread LINK HOST:PORT COUNT   dials whose answers nobody reads
//   forge-reply LINK FORM      egress: an answer that nobody asked for
//   links                      the names of what it has
//   forge TYPE [NAME [TEXT]]   a control message of that number
//   forge-flood TYPE COUNT     many of them
//   forge-garbage, forge-huge, forge-descriptors   as above, on the control link
class Abuse {
 public:
  explicit Abuse(const Scene& scene) : scene_(scene) {}

  std::string Run(const std::vector<std::string>& words);

 private:
  const Held* Find(const std::string& link) const;
  std::shared_ptr<grpc::Channel> ChannelOf(const Held& link);

  const Scene& scene_;
  std::map<int, std::shared_ptr<grpc::Channel>> channels_;  // by descriptor
};

// Each file of this folder has one part of the list. nullopt-like empty text: not its word.
std::string RunCalls(const std::shared_ptr<grpc::Channel>& channel, const std::vector<std::string>& words);
std::string RunBytes(const Held& link, const std::vector<std::string>& words);
std::string RunDials(const Held& link, const std::vector<std::string>& words);
std::string RunControl(const std::vector<std::string>& words);

}  // namespace aisix::redteam
