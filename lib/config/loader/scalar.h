// How texts become numbers and numbers become texts in start-up configuration (spec 01 §3.2, §4.1, §4.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/config/loader/value.h"

namespace aisix::config {

// The whole text as a decimal number with an optional sign, nothing around it, within 64 bits.
std::optional<int64_t> ParseSigned(std::string_view text);
std::optional<uint64_t> ParseUnsigned(std::string_view text);

// The whole text as a float: digits with an optional point and exponent, or inf, infinity, nan in any case.
std::optional<double> ParseFloat(std::string_view text);

// The shortest decimal text that reads back as the same number, never with an exponent: 1000, 0.005, inf.
std::string FloatText(double value);

// A plain (unquoted) YAML scalar.
Value YamlScalar(std::string_view text, std::string_view origin);

// "64-bit integer `-1`", "string \"x\"", "unit value": how a value is named where another type was wanted.
std::string Describe(const Value& value);

// A text between double quotes, with what cannot be printed escaped.
std::string Quote(std::string_view text);

bool IsUtf8(std::string_view text);

}  // namespace aisix::config
