#include "lib/dns/settings.h"

#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"

namespace aisix::dns {
namespace {

constexpr uint16_t kDnsPort = 53;

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

// Calls `line(words)` for each line that has words.
template <typename Function>
void ForEachLine(std::string_view text, Function line) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view rest = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::vector<std::string_view> words;
    while (true) {
      while (!rest.empty() && IsBlank(rest.front())) rest.remove_prefix(1);
      if (rest.empty() || rest.front() == '#' || rest.front() == ';') break;
      size_t length = 0;
      while (length < rest.size() && !IsBlank(rest[length])) ++length;
      words.push_back(rest.substr(0, length));
      rest.remove_prefix(length);
    }
    if (!words.empty()) line(words);
  }
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// The index of an interface, by name or as a number; 0: there is none.
uint32_t ScopeOf(std::string_view text, const Machine& machine) {
  if (std::optional<int> index = Number(text)) return static_cast<uint32_t>(*index);
  auto found = machine.interfaces.find(text);
  return found == machine.interfaces.end() ? 0 : found->second;
}

// "192.0.2.1", "2001:db8::1", "fe80::1%eth0", and with a port "192.0.2.1:53", "[fe80::1%eth0]:53".
std::optional<NameServer> ParseServer(std::string_view text, const Machine& machine) {
  int port = kDnsPort;
  std::string_view port_text;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    port_text = text.substr(end + 1);
    text = text.substr(1, end - 1);
    if (!port_text.empty() && port_text.front() != ':') return std::nullopt;
  } else if (text.find('.') != std::string_view::npos && text.find(':') == text.rfind(':')) {
    const size_t colon = std::min(text.find(':'), text.size());
    port_text = text.substr(colon);
    text = text.substr(0, colon);
  }
  if (!port_text.empty()) {
    const std::optional<int> number = Number(port_text.substr(1));
    if (!number || *number == 0 || *number > 65535) return std::nullopt;
    port = *number;
  }
  NameServer server;
  if (const size_t percent = text.find('%'); percent != std::string_view::npos) {
    server.scope = ScopeOf(text.substr(percent + 1), machine);
    if (server.scope == 0) return std::nullopt;
    text = text.substr(0, percent);
  }
  server.address = net::ParseAddress(std::string(text), static_cast<uint16_t>(port));
  if (server.address.family == net::Address::Family::kNone) return std::nullopt;
  return server;
}

void ApplyOption(std::string_view option, ResolvConf& conf) {
  const size_t colon = std::min(option.find(':'), option.size());
  const std::string_view name = option.substr(0, colon);
  if (colon < option.size()) {
    const std::optional<int> value = Number(option.substr(colon + 1));
    if (!value) return;
    if (name == "ndots") conf.ndots = std::min(*value, 15);
    if (name == "timeout") conf.timeout_ms = std::clamp(*value, 1, 30) * 1000;
    if (name == "attempts") conf.attempts = std::clamp(*value, 1, 5);
    return;
  }
  if (name == "rotate") conf.rotate = true;
  if (name == "use-vc") conf.use_tcp = true;
  if (name == "edns0") conf.edns0 = true;
  if (name == "no-aaaa") conf.ipv4_only = true;
}

}  // namespace

Machine Machine::Read() {
  Machine machine;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) machine.host_name = name.data();
  if (struct if_nameindex* all = ::if_nameindex()) {
    for (struct if_nameindex* one = all; one->if_index != 0; ++one) {
      machine.interfaces.emplace(one->if_name, one->if_index);
    }
    ::if_freenameindex(all);
  }
  return machine;
}

ResolvConf ParseResolvConf(std::string_view text, const Machine& machine) {
  ResolvConf conf;
  bool searches = false;
  ForEachLine(text, [&](const std::vector<std::string_view>& words) {
    if (words.size() < 2) return;
    if (words[0] == "nameserver") {
      std::optional<NameServer> server = ParseServer(words[1], machine);
      if (server && conf.servers.size() < ResolvConf::kMaxServers) conf.servers.push_back(*server);
    } else if (words[0] == "search" || words[0] == "domain") {  // the last line of either kind counts
      searches = true;
      conf.search.assign(words.begin() + 1, words[0] == "search" ? words.end() : words.begin() + 2);
    } else if (words[0] == "options") {
      for (size_t i = 1; i < words.size(); ++i) ApplyOption(words[i], conf);
    }
  });
  const size_t dot = machine.host_name.find('.');
  if (!searches && dot != std::string::npos && dot + 1 < machine.host_name.size()) {
    conf.search.push_back(machine.host_name.substr(dot + 1));
  }
  std::erase(conf.search, ".");  // the root: no domain to append
  if (conf.servers.empty()) conf.servers.push_back({net::ParseAddress("127.0.0.1", kDnsPort), 0});
  return conf;
}

Hosts Hosts::Parse(std::string_view text) {
  Hosts hosts;
  ForEachLine(text, [&](const std::vector<std::string_view>& words) {
    const net::Address address = net::ParseAddress(std::string(words[0]), 0);
    if (address.family == net::Address::Family::kNone) return;
    for (size_t i = 1; i < words.size(); ++i) {
      // A comment may follow a name without a blank.
      const std::string_view name = words[i].substr(0, words[i].find('#'));
      if (name.empty()) break;
      std::vector<net::Address>& addresses = hosts.names_[absl::AsciiStrToLower(std::string(name))];
      if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
        addresses.push_back(address);
      }
      if (name.size() != words[i].size()) break;
    }
  });
  return hosts;
}

const std::vector<net::Address>* Hosts::Find(std::string_view name) const {
  if (name.ends_with('.')) name.remove_suffix(1);
  auto found = names_.find(std::string(name));
  return found == names_.end() ? nullptr : &found->second;
}

Settings ParseSettings(std::string_view resolv_conf, std::string_view hosts, const Machine& machine) {
  return {ParseResolvConf(resolv_conf, machine), Hosts::Parse(hosts)};
}

}  // namespace aisix::dns
