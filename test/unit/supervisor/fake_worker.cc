// Stands in for every worker (and the bootstrap child): does what its boot part says and reports what it
// gets, one line each, to a named pipe.
//
//   boot part: the path of the pipe, a newline, and how to behave: "ready" | "exit" (before ready) |
//   "fatal" | "silent" (never ready nor prepared) | "garbage" | "deaf" (ready, but never released)
//   a reload of "ports <list>": says that these are the ports of the destinations
//   line: <zone> <pid> <what happened>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "lib/control/control_link.h"
#include "lib/control/figures.h"
#include "lib/control/inherit.h"
#include "lib/os/memory_file.h"

namespace {

using aisix::control::ControlLink;
using aisix::control::Inherited;
using aisix::control::Message;
using aisix::control::MessageType;
using aisix::control::PortSet;

class FakeWorker {
 public:
  FakeWorker(std::string zone, Inherited inherited)
      : zone_(std::move(zone)), inherited_(std::move(inherited)) {
    const size_t newline = inherited_.boot.find('\n');
    pipe_.reset(::open(inherited_.boot.substr(0, newline).c_str(), O_WRONLY | O_CLOEXEC));
    behaviour_ = inherited_.boot.substr(newline + 1);
  }

  int Run() {
    Report("started");
    if (inherited_.port_news != 0)
      Report(fmt::format("port-news {} {}", inherited_.port_news, inherited_.ports));
    for (const auto& listener : inherited_.listeners) {
      Report(fmt::format("listener {} {}", listener.name, listener.index));
    }
    for (const auto& [name, file] : inherited_.files) ReportFile(name, file.fd.get(), file.error);
    for (const auto& [name, value] : inherited_.environment)
      Report(fmt::format("variable {}={}", name, value));
    if (inherited_.state.valid()) {
      Report(fmt::format("state {}", *aisix::os::ReadAll(inherited_.state.get())));
      static_cast<void>(aisix::os::WriteAll(inherited_.state.get(), fmt::format("left by {}", ::getpid())));
    }
    if (inherited_.standby) {
      Report("stands by");
      while (behaviour_ == "silent") ::pause();
      if (behaviour_ != "exit" && !aisix::control::AwaitActivation(inherited_).ok()) return 2;
    }
    Report("acts");
    for (Message& news : inherited_.news) OnMessage(news);
    if (behaviour_ == "exit") return 3;
    if (behaviour_ == "fatal") {
      static_cast<void>(control_.SendFatal("line 1\nline 2"));
      return 1;
    }
    if (behaviour_ == "garbage") static_cast<void>(::write(control_.fd(), "garbage", 7));
    if (behaviour_ == "ready" || behaviour_ == "deaf") static_cast<void>(control_.SendReady());
    for (auto& link : inherited_.links) TakeLink(link.name, link.index, link.server, std::move(link.fd));
    while (true) {
      std::vector<pollfd> waiting{{control_.fd(), POLLIN, 0}};
      for (const auto& [name, fd] : servers_) waiting.push_back({fd.get(), POLLIN, 0});
      ::poll(waiting.data(), waiting.size(), -1);
      ReadServers();
      while (true) {
        absl::StatusOr<std::optional<Message>> message = control_.Receive();
        if (!message.ok()) return 2;
        if (!message->has_value()) break;
        if (OnMessage(**message)) return 0;
      }
    }
  }

 private:
  void Report(const std::string& text) {
    const std::string line = fmt::format("{} {} {}\n", zone_, ::getpid(), text);
    static_cast<void>(::write(pipe_.get(), line.data(), line.size()));
  }

  void ReportFile(const std::string& name, int fd, const std::string& error) {
    Report(fmt::format("file {} {}", name, fd >= 0 ? *aisix::os::ReadAll(fd) : error));
  }

  // A client says who it is; a server reports who spoke.
  void TakeLink(const std::string& name, uint64_t index, bool server, aisix::os::UniqueFd fd) {
    const std::string key = fmt::format("{}/{}", name, index);
    if (server) {
      servers_.emplace(key, std::move(fd));  // beside an older one, until its peer closes that
    } else {
      const std::string text = fmt::format("{}", ::getpid());
      static_cast<void>(::write(fd.get(), text.data(), text.size()));
      clients_.insert_or_assign(key, std::move(fd));
    }
  }

  void ReadServers() {
    for (auto entry = servers_.begin(); entry != servers_.end();) {
      char text[32];
      const ssize_t size = ::read(entry->second.get(), text, sizeof(text));
      if (size > 0) {
        Report(
            fmt::format("link {} from {}", entry->first, std::string_view(text, static_cast<size_t>(size))));
      }
      if (size == 0) {
        entry = servers_.erase(entry);
      } else {
        ++entry;
      }
    }
  }

  // A file whose content begins with "bad" is refused.
  void AnswerReload(uint64_t number) {
    Message answer;
    answer.type = MessageType::kReloaded;
    answer.number = number;
    if (bad_) answer.text = "bad";
    if (number != 0) static_cast<void>(control_.Send(answer));
  }

  void Leave() {
    const std::string totals = fmt::format("totals of {}", ::getpid());
    static_cast<void>(aisix::os::WriteAll(inherited_.totals.get(), totals));
    static_cast<void>(control_.SendReleased());
  }

  // True: exit now.
  bool OnMessage(Message& message) {
    switch (message.type) {
      case MessageType::kLink:
        TakeLink(message.name, message.number, message.text == "server", std::move(message.fd));
        return false;
      case MessageType::kFile:
        ReportFile(message.name, message.fd.get(), message.text);
        bad_ = message.fd.valid() && aisix::os::ReadAll(message.fd.get())->starts_with("bad");
        return false;
      case MessageType::kEnvironment:
        Report("environment");
        return false;
      case MessageType::kReload:
        Report(fmt::format("reload {}", message.text));
        AnswerReload(message.number);
        if (message.text.starts_with("ports ")) {
          static_cast<void>(control_.SendDestinationPorts(*PortSet::Decode(message.text.substr(6))));
        }
        return false;
      case MessageType::kPorts:
        Report(fmt::format("ports {}", message.text));
        return false;
      case MessageType::kZone:
        Report(fmt::format("zone {} {} {}", message.name, message.number, message.text));
        return false;
      case MessageType::kFigures: {
        const absl::StatusOr<aisix::os::ProcessSample> sample = aisix::control::DecodeFigures(message.text);
        Report(sample.ok() && sample->open_files > 3 && sample->resident_bytes > 0 ? "figures"
                                                                                   : "no figures");
        return false;
      }
      case MessageType::kMeasure:
        Report(fmt::format("measure {} {}", message.name, message.number));
        return false;
      case MessageType::kDrain:
        Report("drain");
        return false;
      case MessageType::kQueryInFlight:
        Report(fmt::format("in-flight {}", in_flight_));
        static_cast<void>(control_.SendInFlight(in_flight_));
        if (in_flight_ > 0) --in_flight_;
        return false;
      case MessageType::kEnded:
        Report(fmt::format("ended {} {}", message.name,
                           message.fd.valid() ? *aisix::os::ReadAll(message.fd.get()) : "without totals"));
        return false;
      case MessageType::kExits:
        Report(fmt::format("exits {} {} {}", message.name, message.text, message.number));
        return false;
      case MessageType::kRelease:
        if (behaviour_ == "deaf") return false;
        Report(message.text.empty() ? "release" : "release " + message.text);
        Leave();
        return true;
      case MessageType::kStop:
        Report("stop");
        return true;
      default:
        return false;
    }
  }

  const std::string zone_;
  Inherited inherited_;
  ControlLink control_;
  aisix::os::UniqueFd pipe_;
  std::string behaviour_;
  std::multimap<std::string, aisix::os::UniqueFd> servers_;
  std::map<std::string, aisix::os::UniqueFd> clients_;
  uint64_t in_flight_ = 2;
  bool bad_ = false;  // the last file
};

}  // namespace

int main(int, char** arguments) {
  const std::string path = arguments[0];  // …/aisix-<zone>-worker
  const size_t begin = path.rfind("/aisix-") + 7;
  absl::StatusOr<Inherited> inherited = aisix::control::Inherit();
  if (!inherited.ok()) return 2;
  return FakeWorker(path.substr(begin, path.rfind('-') - begin), *std::move(inherited)).Run();
}
