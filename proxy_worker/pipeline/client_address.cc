#include "proxy_worker/pipeline/client_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>
#include <utility>

#include "lib/http/server_exchange.h"

namespace aisix::proxy {
namespace {

using Family = net::Address::Family;

int Width(Family family) {
  return family == Family::kIpv4 ? 32 : 128;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool IsPort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

// `IP`, `IPv4:port`, `[IPv6]`, `[IPv6]:port`.
std::optional<net::Address> ParseForwarded(std::string_view token) {
  if (token.starts_with('[')) {
    const size_t close = token.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = token.substr(close + 1);
    if (!rest.empty() && (rest[0] != ':' || !IsPort(rest.substr(1)))) return std::nullopt;
    std::optional<net::Address> address = ParseIp(token.substr(1, close - 1));
    if (address && address->family != Family::kIpv6) return std::nullopt;
    return address;
  }
  const size_t colon = token.find(':');
  const bool one_colon =
      colon != std::string_view::npos && token.find(':', colon + 1) == std::string_view::npos;
  if (!one_colon) return ParseIp(token);
  if (!IsPort(token.substr(colon + 1))) return std::nullopt;
  return ParseIp(token.substr(0, colon));
}

}  // namespace

std::optional<net::Address> ParseIp(std::string_view text) {
  constexpr size_t kLongest = 45;
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  std::array<char, kLongest + 1> terminated{};
  std::memcpy(terminated.data(), text.data(), text.size());
  net::Address address;
  if (inet_pton(AF_INET, terminated.data(), address.bytes.data()) == 1) {
    address.family = Family::kIpv4;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) {
    address.family = Family::kIpv6;
    return address;
  }
  return std::nullopt;
}

std::optional<AddressRange> AddressRange::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<net::Address> base = ParseIp(text.substr(0, slash));
  if (!base) return std::nullopt;
  const std::string_view length = text.substr(slash + 1);
  int bits = -1;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size()) return std::nullopt;
  if (bits < 0 || bits > Width(base->family)) return std::nullopt;
  AddressRange range;
  range.base_ = *base;
  range.bits_ = bits;
  return range;
}

AddressRange AddressRange::Single(const net::Address& address) {
  AddressRange range;
  range.base_ = address;
  range.bits_ = Width(address.family);
  return range;
}

bool AddressRange::Contains(const net::Address& address) const {
  if (address.family != base_.family || address.family == Family::kNone) return false;
  const size_t whole = static_cast<size_t>(bits_) / 8;
  if (std::memcmp(address.bytes.data(), base_.bytes.data(), whole) != 0) return false;
  const int rest = bits_ % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (address.bytes[whole] & mask) == (base_.bytes[whole] & mask);
}

absl::StatusOr<RealIpRules> RealIpRules::Make(const std::vector<std::string>& trusted, std::string header,
                                              bool recursive) {
  RealIpRules rules;
  rules.header_ = std::move(header);
  rules.recursive_ = recursive;
  for (const std::string& entry : trusted) {
    if (std::optional<AddressRange> range = AddressRange::Parse(entry)) {
      rules.trusted_.push_back(*range);
    } else if (std::optional<net::Address> address = ParseIp(entry)) {
      rules.trusted_.push_back(AddressRange::Single(*address));
    } else {
      return absl::InvalidArgumentError("proxy.real_ip.trusted_proxies: invalid entry \"" + entry + "\"");
    }
  }
  return rules;
}

bool RealIpRules::Trusts(const net::Address& address) const {
  for (const AddressRange& range : trusted_) {
    if (range.Contains(address)) return true;
  }
  return false;
}

net::Address RealIpRules::Resolve(const net::Address& peer, const http::Headers& headers) const {
  if (trusted_.empty() || !Trusts(peer)) return peer;
  std::vector<net::Address> forwarded;
  for (const http::Header& header : headers) {
    if (!http::EqualsIgnoreCase(header.name, header_)) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (std::optional<net::Address> address = ParseForwarded(Trim(rest.substr(0, comma)))) {
        forwarded.push_back(*address);
      }
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  if (forwarded.empty()) return peer;
  if (!recursive_) return forwarded.back();
  for (auto it = forwarded.rbegin(); it != forwarded.rend(); ++it) {
    if (!Trusts(*it)) return *it;
  }
  return forwarded.front();
}

std::string_view ClientAddress(LoopContext& loop, RequestContext& context) {
  if (context.client_address.empty()) {
    const http::ServerExchange& exchange = context.exchange;
    context.client_address = loop.real_ip.Resolve(exchange.peer(), exchange.request().headers).Ip();
  }
  return context.client_address;
}

bool ModelAllowsClient(LoopContext& loop, RequestContext& context, const Model& model) {
  if (model.document->allowed_cidrs.empty()) return true;
  const std::optional<net::Address> address = ParseIp(ClientAddress(loop, context));
  if (!address) return false;
  for (const std::string& entry : model.document->allowed_cidrs) {
    const std::optional<AddressRange> range = AddressRange::Parse(entry);
    if (range && range->Contains(*address)) return true;
  }
  return false;
}

}  // namespace aisix::proxy
