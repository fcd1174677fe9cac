// Secrets in memory.
#pragma once

#include <string>
#include <string_view>

namespace aisix::crypto {

// Overwrites the bytes of `text` in a way that the compiler may not remove, and empties it. Copies that were
// made earlier (also by growing strings) are not reached.
void Wipe(std::string& text);

// Whether the two texts are equal, in a time that depends on their lengths only.
bool EqualConstantTime(std::string_view a, std::string_view b);

}  // namespace aisix::crypto
