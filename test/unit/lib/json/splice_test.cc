#include "lib/json/splice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aisix::json {
namespace {

using testing::ElementsAre;

TEST(Splice, ListsSlicesOfTheSourceAroundTheEdits) {
  const std::string source = R"({"model":"a","n":1})";
  Splice splice;
  splice.Insert(source.size() - 1, R"(,"x":2)");
  splice.Replace(Span{9, 3}, R"("gpt")");
  std::vector<std::string_view> slices;
  const size_t total = splice.AppendTo(slices, source);
  EXPECT_THAT(slices, ElementsAre(R"({"model":)", R"("gpt")", R"(,"n":1)", R"(,"x":2)", "}"));
  EXPECT_EQ(slices[0].data(), source.data()) << "what stays is not copied";
  EXPECT_EQ(total, std::string(R"({"model":"gpt","n":1,"x":2})").size());

  std::string text = ">";
  splice.AppendText(text, source);
  EXPECT_EQ(text, R"(>{"model":"gpt","n":1,"x":2})");
}

TEST(Splice, KeepsTheOrderOfInsertionsAtOnePlaceAndLeavesOutEmptySlices) {
  Splice splice;
  splice.Insert(0, "1");
  splice.Insert(0, "2");
  splice.Replace(Span{0, 2}, "");
  std::vector<std::string_view> slices;
  EXPECT_EQ(splice.AppendTo(slices, "ab"), 2u);
  EXPECT_THAT(slices, ElementsAre("1", "2"));
}

TEST(Splice, WithoutEditsIsTheSource) {
  Splice splice;
  std::vector<std::string_view> slices;
  EXPECT_EQ(splice.AppendTo(slices, "ab"), 2u);
  EXPECT_THAT(slices, ElementsAre("ab"));
  EXPECT_TRUE(splice.empty());
}

}  // namespace
}  // namespace aisix::json
