// What look-ups go by: the content of /etc/resolv.conf and /etc/hosts. A locked process opens no path, so the
// text comes from its supervisor and is read here, not by c-ares.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/net/address.h"

namespace aisix::dns {

// What of the machine the files refer to. A value.
struct Machine {
  std::string host_name;                                    // search list when the file has none
  std::map<std::string, uint32_t, std::less<>> interfaces;  // names in scopes, "fe80::1%eth0"

  // Before the sandbox is locked: it opens a netlink socket.
  static Machine Read();
};

struct NameServer {
  net::Address address;  // with its port
  uint32_t scope = 0;    // interface of a link-local address; 0: none

  friend bool operator==(const NameServer&, const NameServer&) = default;
};

// resolv.conf(5). A value.
struct ResolvConf {
  static constexpr size_t kMaxServers = 8;

  std::vector<NameServer> servers;  // at least one
  std::vector<std::string> search;
  int ndots = 1;  // 0 … 15
  // Unlike the system's 5 s and 2 attempts: a dead first server must not use up a connect timeout of 5 s.
  int timeout_ms = 1500;
  int attempts = 3;
  bool rotate = false;
  bool use_tcp = false;  // use-vc
  bool edns0 = false;
  bool ipv4_only = false;  // no-aaaa

  friend bool operator==(const ResolvConf&, const ResolvConf&) = default;
};

// Never fails: what cannot be read is skipped, and without a server it is 127.0.0.1. Beyond the manual page a
// server may have a port: "[::1]:5353", "127.0.0.1:5353".
ResolvConf ParseResolvConf(std::string_view text, const Machine& machine);

// hosts(5). A value.
class Hosts {
 public:
  static Hosts Parse(std::string_view text);

  // Addresses without a port in the order of the file; null: the file does not know the name.
  const std::vector<net::Address>* Find(std::string_view name) const;
  size_t size() const { return names_.size(); }

 private:
  absl::flat_hash_map<std::string, std::vector<net::Address>> names_;  // lower case
};

struct Settings {
  ResolvConf resolv_conf;
  Hosts hosts;
};

Settings ParseSettings(std::string_view resolv_conf, std::string_view hosts, const Machine& machine);

}  // namespace aisix::dns
