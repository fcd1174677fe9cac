#include "admin_worker/source/file/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin_worker/source/file/convert.h"

namespace aisix::admin::file {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json Convert(const std::string& text) {
  const auto documents = ParseYaml(text);
  if (!documents.ok() || documents->size() != 1) return "error: " + documents.status().ToString();
  const Variables variables;
  Converter converter(variables, 10'000);
  const auto value = converter.Convert(*documents->front());
  return value.ok() ? *value : json(std::string(value.status().message()));
}

std::string Error(const std::string& text) {
  return std::string(ParseYaml(text).status().message());
}

TEST(YamlTree, QuotedScalarsAreStrings) {
  EXPECT_EQ(Convert("a: 1\nb: \"1\"\nc: '1'\nd: !!str 1\ne: |\n  1\nf:\ng: ''\nh: yes"),
            (json{{"a", 1},
                  {"b", "1"},
                  {"c", "1"},
                  {"d", "1"},
                  {"e", "1\n"},
                  {"f", nullptr},
                  {"g", ""},
                  {"h", "yes"}}));
}

TEST(YamlTree, AliasesAreExpandedAndThereAreNoMergeKeys) {
  EXPECT_EQ(Convert("a: &x {k: 1}\nb: *x\nc: {<<: *x}"),
            (json{{"a", {{"k", 1}}}, {"b", {{"k", 1}}}, {"c", {{"<<", {{"k", 1}}}}}}));
}

TEST(YamlTree, DuplicateKeys) {
  EXPECT_THAT(Error("a: 1\nb:\n  c: 1\n  c: 2\n"), HasSubstr("duplicate key \"c\" at line 4"));
  EXPECT_THAT(Error("a: 1\n\"a\": 2\n"), HasSubstr("duplicate key \"a\""));
}

TEST(YamlTree, SyntaxErrorsNameThePlace) {
  EXPECT_THAT(Error("a: [1\nb: 2\n"), HasSubstr("line"));
}

TEST(YamlTree, RecursiveAndUnknownAliases) {
  EXPECT_NE(Error("a: &x [*x]\n"), "");
  EXPECT_NE(Error("a: *x\n"), "");
}

TEST(YamlTree, SeveralDocuments) {
  EXPECT_EQ(ParseYaml("")->size(), 0u);
  EXPECT_EQ(ParseYaml("# nothing\n")->size(), 0u);
  EXPECT_EQ(ParseYaml("a: 1\n---\nb: 1\n---\nc: 1\n")->size(), 3u);
}

TEST(YamlTree, DeepNestingEndsInAnErrorNotInACrash) {
  EXPECT_NE(Error(std::string(100000, '[')), "");
  EXPECT_NE(Error(std::string(100000, '{')), "");
}

TEST(YamlTree, UnfoldingAliasesIsBounded) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j > 0 ? "," : "") + before;
    text += "]\n";
  }
  EXPECT_THAT(Convert(text).get<std::string>(), HasSubstr("unfolds into too many values"));
}

TEST(Convert, KeysMustBeStrings) {
  EXPECT_EQ(Convert("a: {1: x}"), "field `a`: mapping keys must be plain strings, found `1`");
  EXPECT_EQ(Convert("a: {\"1\": x}"), (json{{"a", {{"1", "x"}}}}));
  EXPECT_THAT(Convert("a: {[x]: y}").get<std::string>(), HasSubstr("found a sequence"));
}

TEST(Convert, PathsOfErrors) {
  EXPECT_EQ(Convert("a: {b: [x, {c: \"${}\"}]}"), "field `a.b[1].c`: empty variable name in `${}`");
  EXPECT_EQ(Convert("a: .inf"), "field `a`: number \".inf\" is not representable in JSON");
}

}  // namespace
}  // namespace aisix::admin::file
