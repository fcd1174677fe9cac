// UUIDs as text: 36 characters, lower case, hyphenated.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aisix::crypto {

using UuidBytes = std::array<uint8_t, 16>;

// A random UUID (version 4). Thread-safe; allocates nothing but the string.
std::string UuidV4();
// The same into a buffer of 36 characters (no final NUL).
void UuidV4Into(char* out);

// The UUID named `name` in `space` (version 5: SHA-1, RFC 4122 §4.3).
std::string UuidV5(const UuidBytes& space, std::string_view name);

std::string FormatUuid(const UuidBytes& bytes);
// From the hyphenated form in either case; anything else is nullopt.
std::optional<UuidBytes> ParseUuid(std::string_view text);

}  // namespace aisix::crypto
