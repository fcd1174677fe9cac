#include "admin_worker/resources/canonical_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lib/crypto/sha256.h"

namespace aisix::admin {
namespace {

std::string Canonical(const char* text) {
  return CanonicalJson(nlohmann::json::parse(text));
}

TEST(CanonicalJson, SortedCompactAndMinimallyEscaped) {
  EXPECT_EQ(Canonical(R"({ "b" : 1, "a" : { "d": [1, 2.5, true, null], "c": "ä\n\"\\\u0001/" } })"),
            "{\"a\":{\"c\":\"ä\\n\\\"\\\\\\u0001/\",\"d\":[1,2.5,true,null]},\"b\":1}");
  // By bytes: upper case before lower case, ASCII before the rest.
  EXPECT_EQ(Canonical(R"({"ä":1,"a":1,"B":1})"), R"({"B":1,"a":1,"ä":1})");
}

TEST(CanonicalJson, Numbers) {
  EXPECT_EQ(Canonical("[18446744073709551615,-9223372036854775808,0.1,1e-7]"),
            "[18446744073709551615,-9223372036854775808,0.1,1e-07]");
}

// The vectors of spec 02 §9.3: key, NUL, canonical JSON, newline for every entry in the order of the keys.
TEST(CanonicalJson, HashVectors) {
  crypto::Sha256Stream none;
  EXPECT_EQ(none.Finish().ToHex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const auto add = [](crypto::Sha256Stream& stream, std::string_view key, const char* value) {
    stream.Update(key);
    stream.Update(std::string_view("\0", 1));
    stream.Update(Canonical(value));
    stream.Update("\n");
  };
  crypto::Sha256Stream one;
  add(one, "/aisix/models/m1", R"({"b":1,"a":2})");
  EXPECT_EQ(one.Finish().ToHex(), "94eb77668f99354425202590b3c78f592e206c1f8a97350a47c035fec78c3ba2");
  crypto::Sha256Stream two;
  add(two, "/aisix/models/m1", R"({"b":1,"a":2})");
  add(two, "/aisix/models/m2", R"({ "x": "y" })");
  EXPECT_EQ(two.Finish().ToHex(), "fce423eb9f9b88f0cae89cec3f0f32e851381227065a0a56d8fa1978f536ae64");
}

}  // namespace
}  // namespace aisix::admin
