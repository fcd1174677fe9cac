// A name server for tests, over UDP on a loopback address.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/unit/lib/net/loopback_socket.h"

namespace aisix::dns {

// What is not known is answered with NXDOMAIN. Any thread.
class TestNameServer {
 public:
  explicit TestNameServer(const char* ip = "127.0.0.1")
      : socket_(false, SOCK_DGRAM, ip), thread_([this] { Serve(); }) {}
  ~TestNameServer() {
    stop_ = true;
    // Wakes the receiver.
    sockaddr_storage storage;
    const socklen_t size = net::ToSockaddr(socket_.bound, storage);
    sendto(socket_.fd.get(), "", 0, 0, reinterpret_cast<sockaddr*>(&storage), size);
    thread_.join();
  }

  // The line of resolv.conf for it.
  std::string line() const { return "nameserver " + socket_.bound.ToString() + "\n"; }

  void Set(const std::string& name, std::vector<std::string> ips, uint32_t ttl_s = 300) {
    std::lock_guard lock(mutex_);
    names_[name] = {std::move(ips), ttl_s, {}};
  }
  void SetAlias(const std::string& name, const std::string& target, std::vector<std::string> ips,
                uint32_t alias_ttl_s, uint32_t ttl_s) {
    std::lock_guard lock(mutex_);
    names_[name] = {std::move(ips), ttl_s, {{target, alias_ttl_s}}};
  }
  // Silent: queries are counted and not answered.
  void SetSilent(bool silent) { silent_ = silent; }

  // The reply to one query; empty: none.
  std::vector<uint8_t> Reply(const std::vector<uint8_t>& query) {
    std::string name;
    size_t at = 12;
    while (at < query.size() && query[at] != 0) {
      if (!name.empty()) name += '.';
      name.append(reinterpret_cast<const char*>(&query[at + 1]), query[at]);
      at += query[at] + 1u;
    }
    const int type = query[at + 2];
    std::lock_guard lock(mutex_);
    ids_.insert(static_cast<uint16_t>(query[0] << 8 | query[1]));
    ++(type == 1 ? a_queries_ : aaaa_queries_)[name];
    if (silent_) return {};
    auto found = names_.find(name);
    const bool known = found != names_.end();
    Bytes answers;
    int count = 0;
    if (known) {
      std::string owner = name;
      for (const auto& [target, ttl_s] : found->second.alias) {
        Bytes data;
        Name(data, target);
        Record(answers, owner, 5, ttl_s, data);
        owner = target;
        ++count;
      }
      for (const std::string& ip : found->second.ips) {
        const net::Address address = net::ParseAddress(ip, 0);
        const bool v4 = address.family == net::Address::Family::kIpv4;
        if (v4 != (type == 1)) continue;
        Record(answers, owner, type, found->second.ttl_s,
               Bytes(address.bytes.begin(), address.bytes.begin() + (v4 ? 4 : 16)));
        ++count;
      }
    }
    Bytes reply(query.begin(), query.begin() + static_cast<ptrdiff_t>(at) + 5);
    reply[2] = 0x81;
    reply[3] = known ? 0x80 : 0x83;
    reply[6] = 0;
    reply[7] = static_cast<uint8_t>(count);
    reply[8] = reply[9] = reply[10] = reply[11] = 0;
    reply.insert(reply.end(), answers.begin(), answers.end());
    return reply;
  }

  // How many queries of type A for this name came.
  int queries(const std::string& name) const { return Count(a_queries_, name); }
  int ipv6_queries(const std::string& name) const { return Count(aaaa_queries_, name); }
  std::set<uint16_t> ids() const {
    std::lock_guard lock(mutex_);
    return ids_;
  }

 private:
  struct Entry {
    std::vector<std::string> ips;
    uint32_t ttl_s = 0;
    std::vector<std::pair<std::string, uint32_t>> alias;
  };
  using Bytes = std::vector<uint8_t>;

  int Count(const std::map<std::string, int>& counts, const std::string& name) const {
    std::lock_guard lock(mutex_);
    auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  }

  static void Number(Bytes& bytes, uint64_t value, int size) {
    while (size-- > 0) bytes.push_back(static_cast<uint8_t>(value >> (8 * size)));
  }
  static void Name(Bytes& bytes, const std::string& name) {
    for (size_t start = 0; start < name.size();) {
      const size_t end = std::min(name.find('.', start), name.size());
      bytes.push_back(static_cast<uint8_t>(end - start));
      bytes.insert(bytes.end(), name.begin() + static_cast<ptrdiff_t>(start),
                   name.begin() + static_cast<ptrdiff_t>(end));
      start = end + 1;
    }
    bytes.push_back(0);
  }
  static void Record(Bytes& bytes, const std::string& owner, int type, uint32_t ttl_s, const Bytes& data) {
    Name(bytes, owner);
    Number(bytes, static_cast<uint64_t>(type), 2);
    Number(bytes, 1, 2);
    Number(bytes, ttl_s, 4);
    Number(bytes, data.size(), 2);
    bytes.insert(bytes.end(), data.begin(), data.end());
  }

  void Serve() {
    while (true) {
      Bytes packet(512);
      sockaddr_storage peer{};
      socklen_t size = sizeof peer;
      const ssize_t length = recvfrom(socket_.fd.get(), packet.data(), packet.size(), 0,
                                      reinterpret_cast<sockaddr*>(&peer), &size);
      if (stop_) return;
      if (length < 17) continue;
      packet.resize(static_cast<size_t>(length));
      const Bytes reply = Reply(packet);
      if (reply.empty()) continue;
      sendto(socket_.fd.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }

  mutable std::mutex mutex_;
  std::map<std::string, Entry> names_;
  std::map<std::string, int> a_queries_;
  std::map<std::string, int> aaaa_queries_;
  std::set<uint16_t> ids_;
  std::atomic<bool> silent_{false};
  std::atomic<bool> stop_{false};
  net::LoopbackSocket socket_;
  std::thread thread_;
};

}  // namespace aisix::dns
