#include "lib/json/writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace aisix::json {
namespace {

TEST(Writer, PutsCommasAndColonsAtEveryLevel) {
  std::string out;
  Writer writer(out);
  writer.BeginObject().Member("a", uint64_t{1}).Key("b").BeginArray();
  writer.Int(-2).String("x").BeginObject().EndObject().BeginArray().EndArray().Null();
  writer.EndArray().Member("c", true).Key("d").Raw("[1, 2]").Member("e", "f").EndObject();
  EXPECT_EQ(out, R"({"a":1,"b":[-2,"x",{},[],null],"c":true,"d":[1, 2],"e":"f"})");
}

TEST(Writer, WritesNumbersThatReadBackTheSame) {
  std::string out;
  Writer writer(out);
  writer.BeginArray();
  writer.Double(0.1).Double(1e300).Double(std::numeric_limits<double>::quiet_NaN());
  writer.Uint(std::numeric_limits<uint64_t>::max()).Int(std::numeric_limits<int64_t>::min()).EndArray();
  EXPECT_EQ(out, "[0.1,1e+300,null,18446744073709551615,-9223372036854775808]");
}

TEST(Writer, AppendsToWhatIsThere) {
  std::string out = "data: ";
  Writer(out).BeginObject().Member("k", "v\"").EndObject();
  EXPECT_EQ(out, R"(data: {"k":"v\""})");
}

}  // namespace
}  // namespace aisix::json
