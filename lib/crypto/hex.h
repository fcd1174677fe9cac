// Hexadecimal, lower case only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aisix::crypto {

// Two lower-case digits per byte.
std::string BytesToHex(std::string_view bytes);

// Fills exactly `size` bytes at `out` from 2 * size lower-case digits; false (and `out` unspecified)
// otherwise.
bool HexToBytes(std::string_view hex, uint8_t* out, size_t size);

}  // namespace aisix::crypto
