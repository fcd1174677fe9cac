#include "admin_worker/source/file/scalar.h"

#include <gtest/gtest.h>

namespace aisix::admin::file {
namespace {

using nlohmann::json;

json Read(std::string_view text) {
  return ReadPlainScalar(text).value_or(json("error"));
}

TEST(Scalar, NullAndBooleans) {
  EXPECT_EQ(Read(""), nullptr);
  EXPECT_EQ(Read("~"), nullptr);
  EXPECT_EQ(Read("null"), nullptr);
  EXPECT_EQ(Read("true"), true);
  EXPECT_EQ(Read("false"), false);
  for (const char* text : {"Null", "NULL", "True", "yes", "no", "on", "off", "y"})
    EXPECT_EQ(Read(text), text);
}

TEST(Scalar, Integers) {
  EXPECT_EQ(Read("0"), 0);
  EXPECT_EQ(Read("-5"), -5);
  EXPECT_EQ(Read("+5"), 5);
  EXPECT_EQ(Read("0x1F"), 31);
  EXPECT_EQ(Read("0o17"), 15);
  EXPECT_EQ(Read("010"), 10);
  EXPECT_EQ(Read("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"1_000", "0xZZ", "0o9", "0b1", "1a", "+-5", "--1", "-", "+"})
    EXPECT_EQ(Read(text), text);
}

TEST(Scalar, Floats) {
  EXPECT_EQ(Read("1.5"), 1.5);
  EXPECT_EQ(Read("-.5"), -.5);
  EXPECT_EQ(Read("1."), 1.0);
  EXPECT_TRUE(Read("1.").is_number_float());
  EXPECT_EQ(Read("+1e3"), 1000.0);
  EXPECT_EQ(Read("1E-2"), 0.01);
  for (const char* text : {".", "1.2.3", "1e", "e1", "1.5x", "0x1.8p1", "2026-01-01"})
    EXPECT_EQ(Read(text), text);
}

TEST(Scalar, WhatJsonCannotHold) {
  for (const char* text : {".inf", "-.inf", ".nan", "inf", "NaN", "-infinity", "1e999"}) {
    const auto value = ReadPlainScalar(text);
    EXPECT_EQ(value.status().message(), "number \"" + std::string(text) + "\" is not representable in JSON");
  }
}

}  // namespace
}  // namespace aisix::admin::file
