#include "supervisor/upgrade/handover.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <charconv>
#include <functional>
#include <optional>

#include "lib/os/memory_file.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {
namespace {

constexpr std::string_view kFirstLine = "aisix-handover";
constexpr std::string_view kEmpty = "%";

// A text without blanks and line ends.
std::string Word(std::string_view text) {
  if (text.empty()) return std::string(kEmpty);
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || c == '%' || byte == 0x7f) {
      word += fmt::format("%{:02x}", byte);
    } else {
      word.push_back(c);
    }
  }
  return word;
}

std::optional<std::string> Unword(std::string_view word) {
  if (word == kEmpty) return std::string();
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      text.push_back(word[i]);
      continue;
    }
    unsigned byte = 0;
    if (i + 2 >= word.size()) return std::nullopt;
    const auto [rest, error] = std::from_chars(word.data() + i + 1, word.data() + i + 3, byte, 16);
    if (error != std::errc() || rest != word.data() + i + 3) return std::nullopt;
    text.push_back(static_cast<char>(byte));
    i += 2;
  }
  return text;
}

// The words of one line, one after the other; a missing or wrong one makes the whole line invalid.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string Text() {
    const size_t end = rest_.find(' ');
    std::optional<std::string> text = Unword(rest_.substr(0, end));
    if (rest_.empty() || !text) valid_ = false;
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return text.value_or(std::string());
  }
  template <typename Number>
  void Read(Number& number) {
    const std::string text = Text();
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || rest != text.data() + text.size()) valid_ = false;
  }
  void Read(std::string& text) { text = Text(); }
  void Read(bool& flag) {
    int number = 0;
    Read(number);
    flag = number != 0;
  }
  void Read(Zone& zone) {
    const std::optional<Zone> known = ZoneOfName(Text());
    if (known) {
      zone = *known;
    } else {
      valid_ = false;
    }
  }
  template <typename... Members>
  void Read(Members&... members)
    requires(sizeof...(members) > 1)
  {
    (Read(members), ...);
  }
  bool valid() const { return valid_; }

 private:
  std::string_view rest_;
  bool valid_ = true;
};

std::string Written(const std::string& text) {
  return Word(text);
}
std::string Written(bool flag) {
  return flag ? "1" : "0";
}
std::string Written(Zone zone) {
  return std::string(ZoneName(zone));
}
template <typename Number>
std::string Written(Number number)
  requires std::is_integral_v<Number>
{
  return fmt::format("{}", number);
}

template <typename... Members>
void Line(std::string& text, std::string_view kind, const Members&... members) {
  text += kind;
  ((text += " ", text += Written(members)), ...);
  text += "\n";
}

void ReadLine(std::string_view kind, Words& words, Handover& handover) {
  TableState& table = handover.table;
  if (kind == "process") {
    words.Read(handover.pid, handover.config_path, handover.environment);
  } else if (kind == "own-part") {
    words.Read(handover.own_part);
  } else if (kind == "boot" || kind == "environment") {
    const std::string zone = words.Text();
    words.Read((kind == "boot" ? handover.boot : handover.environments)[zone]);
  } else if (kind == "listener") {
    Handover::Listener& listener = handover.listeners.emplace_back();
    words.Read(listener.name, listener.index, listener.fd);
  } else if (kind == "service") {
    words.Read(handover.notify_socket, handover.watchdog_us);
  } else if (kind == "table") {
    words.Read(table.last_generation, table.admin_state);
  } else if (kind == "ports") {
    if (absl::StatusOr<control::PortSet> ports = control::PortSet::Decode(words.Text()); ports.ok()) {
      table.ports = *std::move(ports);
    }
  } else if (kind == "worker") {
    TableState::Worker& worker = table.workers.emplace_back();
    words.Read(worker.zone, worker.generation, worker.pid, worker.control, worker.totals, worker.retiring,
               worker.ready_ms);
  } else if (kind == "zone") {
    TableState::ZoneHistory& zone = table.zones.emplace_back();
    words.Read(zone.zone, zone.restarts, zone.ever_ready, zone.early_deaths);
  } else if (kind == "exits") {
    std::string label;
    uint64_t count = 0;
    words.Read(label, count);
    if (!table.zones.empty()) table.zones.back().exits[label] = count;
  } else if (kind == "totals") {
    TableState::Totals& totals = table.totals.emplace_back();
    words.Read(totals.zone, totals.generation, totals.file);
  }
}

bool SetCloseOnExec(int fd) {
  const int flags = ::fcntl(fd, F_GETFD);
  return flags >= 0 && ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == 0;
}

}  // namespace

std::vector<int> Handover::Descriptors() const {
  std::vector<int> all{environment, table.admin_state};
  for (const auto& [zone, fd] : boot) all.push_back(fd);
  for (const auto& [zone, fd] : environments) all.push_back(fd);
  for (const Listener& listener : listeners) all.push_back(listener.fd);
  for (const TableState::Worker& worker : table.workers) {
    all.push_back(worker.control);
    all.push_back(worker.totals);
  }
  for (const TableState::Totals& totals : table.totals) all.push_back(totals.file);
  std::erase(all, -1);
  return all;
}

std::string Encode(const Handover& handover) {
  std::string text;
  Line(text, kFirstLine, 1);
  Line(text, "process", handover.pid, handover.config_path, handover.environment);
  Line(text, "own-part", handover.own_part);
  for (const auto& [zone, fd] : handover.boot) Line(text, "boot", zone, fd);
  for (const auto& [zone, fd] : handover.environments) Line(text, "environment", zone, fd);
  for (const Handover::Listener& listener : handover.listeners) {
    Line(text, "listener", listener.name, listener.index, listener.fd);
  }
  Line(text, "service", handover.notify_socket, handover.watchdog_us);
  Line(text, "table", handover.table.last_generation, handover.table.admin_state);
  if (handover.table.ports) Line(text, "ports", handover.table.ports->Encode());
  for (const TableState::Worker& worker : handover.table.workers) {
    Line(text, "worker", worker.zone, worker.generation, worker.pid, worker.control, worker.totals,
         worker.retiring, worker.ready_ms);
  }
  for (const TableState::ZoneHistory& zone : handover.table.zones) {
    Line(text, "zone", zone.zone, zone.restarts, zone.ever_ready, zone.early_deaths);
    for (const auto& [label, count] : zone.exits) Line(text, "exits", label, count);
  }
  for (const TableState::Totals& totals : handover.table.totals) {
    Line(text, "totals", totals.zone, totals.generation, totals.file);
  }
  Line(text, "end");
  return text;
}

absl::StatusOr<Handover> DecodeHandover(std::string_view text) {
  Handover handover;
  bool first = true;
  bool complete = false;
  while (!text.empty() && !complete) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const size_t blank = line.find(' ');
    const std::string_view kind = line.substr(0, blank);
    if (std::exchange(first, false) && kind != kFirstLine) break;
    complete = kind == "end";
    Words words(blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1));
    ReadLine(kind, words, handover);
    if (!words.valid()) return absl::InvalidArgumentError(fmt::format("handover: bad line: {}", kind));
  }
  if (!complete) return absl::InvalidArgumentError("handover: it is not one, or is cut short");
  if (handover.pid <= 0 || handover.own_part.empty() || handover.environment < 0 ||
      handover.table.admin_state < 0 || handover.boot.empty() || handover.environments.empty()) {
    return absl::InvalidArgumentError("handover: something is missing");
  }
  return handover;
}

absl::StatusOr<Handover> TakeHandover(int file, pid_t self) {
  if (!os::IsSealed(file)) return absl::FailedPreconditionError("handover: not a sealed file");
  absl::StatusOr<std::string> text = os::ReadAll(file);
  if (!text.ok()) return text.status();
  absl::StatusOr<Handover> handover = DecodeHandover(*text);
  if (!handover.ok()) return handover;
  if (handover->pid != self) return absl::FailedPreconditionError("handover: it is of another process");
  for (const int fd : handover->Descriptors()) {
    if (!SetCloseOnExec(fd)) {
      return absl::FailedPreconditionError(fmt::format("handover: descriptor {} is not open", fd));
    }
  }
  return handover;
}

}  // namespace aisix::supervisor
