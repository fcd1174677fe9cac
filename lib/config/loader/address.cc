#include "lib/config/loader/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

struct Address {
  int family = AF_INET;
  std::array<uint8_t, 16> bytes{};  // 4 of them for IPv4
  int bits() const { return family == AF_INET ? 32 : 128; }
};

std::optional<Address> ParseAddress(std::string_view text) {
  if (Contains(text, '\0')) return std::nullopt;
  Address address;
  address.family = Contains(text, ':') ? AF_INET6 : AF_INET;
  if (inet_pton(address.family, std::string(text).c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string Text(const Address& address) {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(address.family, address.bytes.data(), buffer, sizeof(buffer));
  return buffer;
}

// Digits only, at most `limit`.
std::optional<int> ParseSmall(std::string_view text, int limit) {
  if (text.empty() || text.size() > 5 || text[0] == '+') return std::nullopt;
  auto number = ParseUnsigned(text);
  if (!number || *number > static_cast<uint64_t>(limit)) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

std::optional<std::string> CanonicalSocketAddress(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  auto port = ParseSmall(text.substr(colon + 1), 65535);
  if (!port) return std::nullopt;
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto address = ParseAddress(host);
  if (!address || bracketed != (address->family == AF_INET6)) return std::nullopt;
  return bracketed ? Concat("[", Text(*address), "]:", *port) : Concat(Text(*address), ":", *port);
}

std::optional<std::string> CanonicalNetwork(std::string_view text) {
  size_t slash = text.find('/');
  auto address = ParseAddress(text.substr(0, slash));
  if (!address) return std::nullopt;
  int length = address->bits();
  if (slash != std::string_view::npos) {
    auto given = ParseSmall(text.substr(slash + 1), address->bits());
    if (!given) return std::nullopt;
    length = *given;
  }
  for (int bit = length; bit < address->bits(); ++bit) {
    address->bytes[bit / 8] &= static_cast<uint8_t>(~(0x80 >> (bit % 8)));
  }
  return Concat(Text(*address), "/", length);
}

Reach ReachOf(std::string_view socket_address) {
  std::string_view host = socket_address.substr(0, socket_address.rfind(':'));
  if (host.starts_with("[")) host = host.substr(1, host.size() - 2);
  auto address = ParseAddress(host);
  if (!address) return Reach::kPublic;
  const uint8_t* bytes = address->bytes.data();
  if (address->family == AF_INET6) {
    if (IN6_IS_ADDR_LOOPBACK(reinterpret_cast<const in6_addr*>(bytes))) return Reach::kLoopback;
    bool unique_local = (bytes[0] & 0xfe) == 0xfc;
    bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
    if (unique_local || link_local) return Reach::kPrivate;
    static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::memcmp(bytes, kMapped, sizeof(kMapped)) != 0) return Reach::kPublic;
    bytes += 12;
  }
  if (bytes[0] == 127) return Reach::kLoopback;
  bool is_private = bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) ||
                    (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
  return is_private ? Reach::kPrivate : Reach::kPublic;
}

std::vector<std::string> DefaultDenyNetworks() {
  return {"169.254.0.0/16", "fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32",
          "224.0.0.0/4",    "ff00::/8",          "0.0.0.0/32",         "::/128"};
}

std::vector<std::string> WithMappedForms(std::vector<std::string> networks) {
  size_t count = networks.size();
  for (size_t i = 0; i < count; ++i) {
    if (Contains(networks[i], ':')) continue;
    size_t slash = networks[i].find('/');
    auto length = ParseSmall(std::string_view(networks[i]).substr(slash + 1), 32);
    if (!length) continue;
    networks.push_back(Concat("::ffff:", networks[i].substr(0, slash), "/", 96 + *length));
  }
  return networks;
}

}  // namespace aisix::config
