// Base64 (RFC 4648 §4, with padding) and base64url (§5, without padding).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aisix::crypto {

std::string Base64Encode(std::string_view bytes);
// Strict: padding required, no white space, unused bits zero. Anything else is nullopt.
std::optional<std::string> Base64Decode(std::string_view text);

std::string Base64UrlEncode(std::string_view bytes);
// Strict: no padding, unused bits zero.
std::optional<std::string> Base64UrlDecode(std::string_view text);

}  // namespace aisix::crypto
