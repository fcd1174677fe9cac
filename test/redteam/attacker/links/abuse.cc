#include "test/redteam/attacker/links/abuse.h"

#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>

#include <cstdlib>

namespace aisix::redteam {

const Held* Abuse::Find(const std::string& link) const {
  const size_t mark = link.find('#');
  const uint64_t index =
      mark == std::string::npos ? kAny : std::strtoull(link.c_str() + mark + 1, nullptr, 10);
  return scene_.Link(link.substr(0, mark), index);
}

std::shared_ptr<grpc::Channel> Abuse::ChannelOf(const Held& link) {
  std::shared_ptr<grpc::Channel>& channel = channels_[link.fd];
  if (channel == nullptr) {
    // No limits of our own: it is the other side's that count.
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetMaxSendMessageSize(-1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    channel = grpc::CreateCustomInsecureChannelFromFd("redteam", link.fd, arguments);
  }
  return channel;
}

std::string Abuse::Run(const std::vector<std::string>& words) {
  if (words[0].starts_with("forge") && words[0] != "forge-reply") return RunControl(words);
  if (words[0] == "links") {
    std::string names;
    for (const Held& link : scene_.links) {
      names += link.name + "#" + std::to_string(link.index) + (link.server ? " server " : " client ");
    }
    return names;
  }
  const Held* link = Find(words.at(1));
  if (link == nullptr) return "no such link";
  if (std::string outcome = RunBytes(*link, words); !outcome.empty()) return outcome;
  if (std::string outcome = RunDials(*link, words); !outcome.empty()) return outcome;
  return RunCalls(ChannelOf(*link), words);
}

}  // namespace aisix::redteam
