// Where the caller is, and whether a model may be used from there (spec 05 §3.6, 01 §9.1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/http/head.h"
#include "lib/net/address.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// An IP address without a port. `192.0.2.1` or `2001:db8::1`; anything else: nullopt.
std::optional<net::Address> ParseIp(std::string_view text);

// A range of addresses. A value.
class AddressRange {
 public:
  // "10.0.0.0/8". Without a prefix length, or not an address: nullopt.
  static std::optional<AddressRange> Parse(std::string_view text);
  // Of one address.
  static AddressRange Single(const net::Address& address);
  bool Contains(const net::Address& address) const;

 private:
  net::Address base_;
  int bits_ = 0;
};

// Whom to believe about the caller's address. Immutable.
class RealIpRules {
 public:
  // Ranges or bare addresses. INVALID_ARGUMENT names a bad entry (start-up validation has refused it before).
  static absl::StatusOr<RealIpRules> Make(const std::vector<std::string>& trusted, std::string header,
                                          bool recursive);
  RealIpRules() = default;

  // Kind kNone when there is no usable address (a socketpair).
  net::Address Resolve(const net::Address& peer, const http::Headers& headers) const;

 private:
  bool Trusts(const net::Address& address) const;

  std::vector<AddressRange> trusted_;
  std::string header_;
  bool recursive_ = false;
};

// The text of the caller's address; fills context.client_address at its first call.
std::string_view ClientAddress(LoopContext& loop, RequestContext& context);

// Whether `model` may be used from the caller's address. Ranges that are none are skipped; no list: open.
bool ModelAllowsClient(LoopContext& loop, RequestContext& context, const Model& model);

}  // namespace aisix::proxy
