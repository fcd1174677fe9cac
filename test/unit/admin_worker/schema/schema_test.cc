#include "admin_worker/schema/schema.h"

#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using nlohmann::json;

// "pointer: message" of the first violation, "" when there is none.
std::string Check(const char* schema, const json& document, Contract contract = Contract::kWrite) {
  const auto compiled = Schema::Parse(schema);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  const auto violation = compiled->Check(document, contract);
  return violation ? violation->pointer + ": " + violation->message : "";
}

TEST(Schema, Types) {
  EXPECT_EQ(Check(R"({"type":"string"})", "a"), "");
  EXPECT_EQ(Check(R"({"type":"string"})", 1), ": value is not of type \"string\"");
  EXPECT_EQ(Check(R"({"type":["integer","null"]})", "x"), ": value is not of types \"integer\", \"null\"");
  EXPECT_EQ(Check(R"({"type":"integer"})", 1.0), "");
  EXPECT_NE(Check(R"({"type":"integer"})", 1.5), "");
  EXPECT_EQ(Check(R"({"type":"number"})", 1), "");
  EXPECT_NE(Check(R"({"type":"boolean"})", nullptr), "");
}

TEST(Schema, EnumAndConst) {
  EXPECT_EQ(Check(R"({"enum":["a","b",null]})", "c"), ": value is not one of \"a\", \"b\" or null");
  EXPECT_EQ(Check(R"({"enum":["a","b",null]})", nullptr), "");
  EXPECT_EQ(Check(R"({"const":true})", false), ": true was expected");
}

TEST(Schema, NumbersAndLengths) {
  EXPECT_EQ(Check(R"({"minimum":5})", 4), ": value is less than the minimum of 5");
  EXPECT_EQ(Check(R"({"maximum":5})", 5.5), ": value is greater than the maximum of 5");
  EXPECT_EQ(Check(R"({"maximum":18446744073709551614})", UINT64_MAX),
            ": value is greater than the maximum of 18446744073709551614");
  EXPECT_EQ(Check(R"({"minLength":1})", ""), ": value is shorter than 1 character");
  EXPECT_EQ(Check(R"({"maxLength":2})", "äöü"), ": value is longer than 2 characters");
  EXPECT_EQ(Check(R"({"maxLength":3})", "äöü"), "");
  EXPECT_EQ(Check(R"({"minItems":1})", json::array()), ": value has less than 1 item");
  EXPECT_EQ(Check(R"({"maxItems":1})", {1, 2}), ": value has more than 1 item");
  EXPECT_EQ(Check(R"({"pattern":"^a+$"})", "ab"), ": value does not match \"^a+$\"");
  EXPECT_EQ(Check(R"({"format":"date-time"})", "2026-01-01"), ": value is not a \"date-time\"");
}

TEST(Schema, ObjectsAndPointers) {
  const char* schema =
      R"({"required":["a"],"properties":{"a":{"items":{"properties":{"x/y":{"type":"null"}}}}},
    "additionalProperties":false})";
  EXPECT_EQ(Check(schema, json::object()), ": \"a\" is a required property");
  EXPECT_EQ(Check(schema, {{"a", json::array({json::object(), {{"x/y", 1}}})}}),
            "/a/1/x~1y: value is not of type \"null\"");
  EXPECT_EQ(Check(schema, {{"a", 1}, {"b", 1}}),
            ": Additional properties are not allowed ('b' was unexpected)");
  EXPECT_EQ(Check(schema, {{"a", 1}, {"b", 1}, {"c", 1}}),
            ": Additional properties are not allowed ('b', 'c' were unexpected)");
  EXPECT_EQ(Check(R"({"additionalProperties":{"type":"string"}})", {{"k", 1}}),
            "/k: value is not of type \"string\"");
  EXPECT_EQ(Check(R"({"properties":{"a":false}})", {{"a", 1}}), "/a: value is not accepted here");
}

TEST(Schema, Combinations) {
  EXPECT_EQ(Check(R"({"not":{"type":"string"}})", "a"), ": value is not allowed");
  EXPECT_EQ(Check(R"({"allOf":[{"minimum":1},{"maximum":2}]})", 3),
            ": value is greater than the maximum of 2");
  EXPECT_EQ(Check(R"({"anyOf":[{"required":["a"]},{"required":["b"]}]})", json::object()),
            ": value is not valid under any of the schemas listed in the 'anyOf' keyword");
  EXPECT_EQ(Check(R"({"oneOf":[{"minimum":1},{"minimum":2}]})", 3),
            ": value is valid under more than one of the schemas listed in the 'oneOf' keyword");
  // The only branch whose type fits says what is wrong.
  EXPECT_EQ(Check(R"({"anyOf":[{"type":"object","required":["a"]},{"type":"null"}]})", json::object()),
            ": \"a\" is a required property");
  const char* conditional =
      R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})";
  EXPECT_EQ(Check(conditional, {{"a", 1}}), ": \"b\" is a required property");
  EXPECT_EQ(Check(conditional, json::object()), ": \"c\" is a required property");
  EXPECT_EQ(Check(R"({"$ref":"#/definitions/x","definitions":{"x":{"type":"null"}}})", 1),
            ": value is not of type \"null\"");
}

TEST(Schema, ReadsCollectUnknownFields) {
  const auto schema = Schema::Parse(R"({"additionalProperties":false,"properties":{"a":{"items":{
    "additionalProperties":false,"properties":{"b":true}}}},"x-read":{"old":true},"x-write":{"required":["a"]}})");
  ASSERT_TRUE(schema.ok());
  std::vector<UnknownField> unknown;
  const json document = {{"a", json::array({{{"b", 1}}, {{"c", 1}}})}, {"z", 1}, {"old", 1}};
  EXPECT_FALSE(schema->Check(document, Contract::kRead, &unknown));
  EXPECT_EQ(unknown, (std::vector<UnknownField>{{"a.1.c", "a.[].c"}, {"z", "z"}}));
  EXPECT_FALSE(schema->Check(json::object(), Contract::kRead));
  EXPECT_TRUE(schema->Check(json::object(), Contract::kWrite));
}

TEST(Schema, BrokenSchemas) {
  EXPECT_FALSE(Schema::Parse("{").ok());
  EXPECT_FALSE(Schema::Parse(R"({"pattern":"("})").ok());
}

}  // namespace
}  // namespace aisix::admin
