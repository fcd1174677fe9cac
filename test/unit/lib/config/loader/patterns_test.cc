#include "lib/config/loader/patterns.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace aisix::config {
namespace {

using ::testing::StartsWith;

TEST(PatternsTest, NamedGroupsAreTranslated) {
  const std::pair<const char*, const char*> cases[] = {
      {"(?<a>x)", "(?P<a>x)"},
      {"(?P<a>x)", "(?P<a>x)"},
      {"((?<a>x)|(?<b>y))", "((?P<a>x)|(?P<b>y))"},
      {"(?<=x)", "(?<=x)"},
      {"(?<!x)", "(?<!x)"},
      {R"(\(?<a>)", R"(\(?<a>)"},
      {R"(\\(?<a>x))", R"(\\(?P<a>x))"},
      {"[(?<a>]", "[(?<a>]"},
      {"[](?<a>](?<b>x)", "[](?<a>](?P<b>x)"},
      {"[^](?<a>](?<b>x)", "[^](?<a>](?P<b>x)"},
      {R"([\](?<a>](?<b>x))", R"([\](?<a>](?P<b>x))"},
      {R"(\Q(?<a>\E(?<b>x))", R"(\Q(?<a>\E(?P<b>x))"},
      {"(?<", "(?<"},
      {"\\", "\\"},
      {"", ""},
  };
  for (const auto& [pattern, translated] : cases) EXPECT_EQ(TranslateNamedGroups(pattern), translated);
}

struct RewriteCase {
  const char* match;
  const char* rewrite;
  const char* problem;  // exact, or the beginning when it ends in "…"
};

class UrlRewriteTest : public testing::TestWithParam<RewriteCase> {};

TEST_P(UrlRewriteTest, IsCheckedInOrder) {
  for (const char* name : {"", "rule"}) {
    UrlRewrite rule{name, GetParam().match, GetParam().rewrite};
    absl::Status status = CheckUrlRewrite(3, rule);
    std::string problem = GetParam().problem;
    if (problem.empty()) {
      EXPECT_TRUE(status.ok()) << status;
      continue;
    }
    std::string prefix = *name == 0 ? "proxy.url_rewrites[3]: " : "rule: ";
    std::string message(status.message());
    if (problem.ends_with("…")) {
      EXPECT_THAT(message, StartsWith(prefix + problem.substr(0, problem.size() - 3)));
    } else {
      EXPECT_EQ(message, prefix + problem);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, UrlRewriteTest,
    testing::Values(
        RewriteCase{"^/a$", "/b", ""}, RewriteCase{"^/(?<v>v1)/(.*)", "/${v}/$2$$x$", ""},
        RewriteCase{"^/(?P<v>v1)", "/$v/$0/${0}/$-", ""}, RewriteCase{"(", "/b?", "invalid match regex: …"},
        RewriteCase{"(?=x)", "/b", "invalid match regex: …"},
        RewriteCase{"a*", "/b?", "match must not match the empty string"},
        RewriteCase{"$", "/b", "match must not match the empty string"},
        RewriteCase{"^/a", "/b?c=$9",
                    "rewrite must not contain '?' (the template is a path; the query string is preserved "
                    "automatically)"},
        RewriteCase{"^/a", "/b#",
                    "rewrite must not contain '#' (the template is a path; the query string is preserved "
                    "automatically)"},
        RewriteCase{"^/a", "/b c",
                    "rewrite must not contain ' ' (the template is a path; the query string is preserved "
                    "automatically)"},
        RewriteCase{"^/a", "/b\n",
                    "rewrite must not contain '\\n' (the template is a path; the query string is preserved "
                    "automatically)"},
        RewriteCase{"^/a", "/\x7f", "rewrite must not contain '\\u{7f}' …"},
        RewriteCase{"^/a", "/\xe2\x80\x83", "rewrite must not contain '\\u{2003}' …"},
        RewriteCase{"^/a", "/é", ""},
        RewriteCase{"^/(a)", "/${2}", "rewrite references unknown capture group `${2}`"},
        RewriteCase{"^/(a)", "/${x}", "rewrite references unknown capture group `${x}`"},
        RewriteCase{"^/(a)", "/${}", "rewrite references unknown capture group `${}`"},
        RewriteCase{"^/(a)", "/$1x",
                    "rewrite references unknown capture group `$1x` (write `${N}text` to follow group N with "
                    "literal text)"},
        RewriteCase{"^/(a)", "/$2",
                    "rewrite references unknown capture group `$2` (write `${N}text` to follow group N with "
                    "literal text)"},
        RewriteCase{"^/(a)", "/${1", "rewrite has an unterminated `${…}` group reference"},
        RewriteCase{"^/(a)", "/$$1$$${1}", ""}));

TEST(PatternsTest, TheTranslatedPatternIsKept) {
  UrlRewrite rule{"", "^/(?<a>x)", "/$a"};
  ASSERT_TRUE(CheckUrlRewrite(0, rule).ok());
  EXPECT_EQ(rule.match, "^/(?P<a>x)");
}

std::string RulesError(std::vector<ClientTypeRule> rules) {
  absl::Status status = CheckClientTypeRules(rules);
  return std::string(status.message());
}

TEST(PatternsTest, ClientTypeRules) {
  std::vector<ClientTypeRule> good = {
      {"(?<a>x)", "a"}, {std::string(512, 'x'), std::string(64, 'z')}, {"(?i)y", "0a._-"}};
  EXPECT_TRUE(CheckClientTypeRules(good).ok());
  EXPECT_EQ(good[0].pattern, "(?P<a>x)");
  const std::string prefix = "observability.metrics.client_type_rules";
  EXPECT_EQ(RulesError(std::vector<ClientTypeRule>(65, {"x", "y"})),
            prefix + ": 65 rules exceed the limit of 64");
  EXPECT_EQ(RulesError(std::vector<ClientTypeRule>(64, {"x", "y"})), "");
  EXPECT_EQ(RulesError({{"", "y"}}), prefix + "[0]: pattern must be 1..=512 bytes");
  EXPECT_EQ(RulesError({{"x", "y"}, {std::string(513, 'x'), "y"}}),
            prefix + "[1]: pattern must be 1..=512 bytes");
  for (const std::string& client :
       {std::string(""), std::string("A"), std::string("-a"), std::string("a b"), std::string(65, 'a')}) {
    EXPECT_EQ(RulesError({{"x", client}}), prefix + "[0]: client \"" + client +
                                               "\" must match [a-z0-9][a-z0-9._-]* and be at most 64 chars");
  }
  EXPECT_THAT(RulesError({{"(", "y"}}), StartsWith(prefix + "[0]: invalid pattern: "));
}

}  // namespace
}  // namespace aisix::config
