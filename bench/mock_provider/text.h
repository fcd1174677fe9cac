// Small text helpers of the mock provider.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aisix::mock {

std::string PercentDecode(std::string_view text);

// Appends `text` as a JSON string with its quotes; bytes from 0x80 up are passed on as they are.
void AppendJsonString(std::string& out, std::string_view text);

// CRC-32 as zlib and Python's zlib.crc32 compute it: lets a test compare a large body without holding it.
uint32_t Crc32(std::string_view data);

}  // namespace aisix::mock
