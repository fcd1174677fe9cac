#include "lib/config/loader/file_format.h"

#include "gmock/gmock.h"
#include "lib/config/loader/scalar.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kBuild[] = "config load failed: failed to load configuration: build: ";

std::string ErrorOf(const std::string& path) {
  auto loaded = Load(path, {});
  EXPECT_FALSE(loaded.ok());
  return loaded.ok() ? "" : std::string(loaded.status().message());
}

TEST(FileFormatTest, ReadsTheThreeFormatsAlike) {
  ScratchDirectory directory;
  const std::pair<const char*, const char*> files[] = {
      {"c.yaml", "resources_file: r\nproxy: {addr: '[::1]:1', workers: 7}\nadmin: {enabled: false}\n"},
      {"c.yml", "resources_file: r\nproxy:\n  addr: '[::1]:1'\n  workers: 7\nadmin: {enabled: false}\n"},
      {"c.toml", "resources_file = 'r'\n[proxy]\naddr = '[::1]:1'\nworkers = 7\n[admin]\nenabled = false\n"},
      {"c.json",
       "{\"resources_file\":\"r\",\"proxy\":{\"addr\":\"[::1]:1\",\"workers\":7},"
       "\"admin\":{\"enabled\":false}}"},
  };
  for (const auto& [name, text] : files) {
    auto loaded = Load(directory.Write(name, text), {});
    ASSERT_TRUE(loaded.ok()) << name << ": " << loaded.status();
    EXPECT_EQ(loaded->settings.proxy.addr, "[::1]:1") << name;
    EXPECT_EQ(loaded->settings.proxy.workers, 7u) << name;
    EXPECT_EQ(loaded->settings.resources_file, "r") << name;
  }
}

TEST(FileFormatTest, OtherExtensionIsNamedWithTheAbsolutePath) {
  ScratchDirectory directory;
  std::string path = directory.Write("c.ini", "x");
  EXPECT_EQ(ErrorOf(path),
            kBuild + ("configuration file \"" + path + "\" is not of a registered file format"));
}

TEST(FileFormatTest, AnAbsentFileIsTriedWithEachExtension) {
  ScratchDirectory directory;
  std::string path = directory.path() + "/config";
  EXPECT_EQ(ErrorOf(path), kBuild + ("configuration file \"" + path + "\" not found"));
  directory.Write("config.yml", kMinimal);
  EXPECT_TRUE(Load(path, {}).ok());
  // toml is tried before yaml.
  directory.Write("config.toml", "bad");
  EXPECT_THAT(ErrorOf(path), EndsWith(" in " + path + ".toml"));
  // A directory of that name is no file.
  EXPECT_THAT(ErrorOf(directory.path()), HasSubstr("not found"));
}

TEST(FileFormatTest, SyntaxErrorsNameTheFile) {
  ScratchDirectory directory;
  for (auto [name, text] : {std::pair{"c.yaml", "proxy: {addr: 'x"}, std::pair{"c.toml", "a = "},
                            std::pair{"c.json", "{\"a\":}"}}) {
    std::string path = directory.Write(name, text);
    std::string error = ErrorOf(path);
    EXPECT_THAT(error, StartsWith(kBuild)) << name;
    EXPECT_THAT(error, EndsWith(" in " + path)) << name;
    EXPECT_THAT(error, HasSubstr("column")) << name;
  }
}

TEST(FileFormatTest, JsonSyntaxErrorsDoNotShowTheLastToken) {
  std::string error(ParseJson(R"({"admin_keys":["a" "sesame"]})", "o").status().message());
  EXPECT_THAT(error, HasSubstr("parse error at line 1"));
  EXPECT_EQ(error.find("sesame"), std::string::npos) << error;
  error = std::string(ParseJson("{\"admin_keys\":[\"sesame", "o").status().message());
  EXPECT_EQ(error.find("sesame"), std::string::npos) << error;
}

TEST(FileFormatTest, ALinkToNowhereIsNotFound) {
  ScratchDirectory directory;
  std::string path = directory.path() + "/loop.yaml";
  std::filesystem::create_symlink("loop.yaml", path);
  EXPECT_THAT(ErrorOf(path), HasSubstr("not found"));
}

TEST(FileFormatTest, SeveralDocumentsAreRefusedAndNoneIsATable) {
  EXPECT_THAT(LoadError("a: 1\n---\nb: 2\n"), HasSubstr("build: Got 2 YAML documents, expected 1 in "));
  for (const char* text : {"", "# nothing\n", "---\n", "~\n"}) {
    EXPECT_THAT(LoadError(text), EndsWith("deserialize: missing field `proxy`")) << text;
  }
}

TEST(FileFormatTest, RootMustBeATable) {
  EXPECT_THAT(LoadError("- a\n"), HasSubstr("invalid type: sequence, expected a map"));
  EXPECT_THAT(LoadError("just text"), HasSubstr("expected a map"));
  EXPECT_FALSE(ParseJson("[]", "o").ok());
}

TEST(FileFormatTest, DuplicateKeysAreErrors) {
  EXPECT_THAT(LoadError("proxy: {addr: '127.0.0.1:1', addr: '127.0.0.1:2'}\n"),
              HasSubstr("\"addr\": duplicated key in mapping at line 1 column 30"));
  EXPECT_FALSE(ParseJson(R"({"a":{"b":1,"b":2}})", "o").ok());
  EXPECT_TRUE(ParseJson(R"({"a":{"b":1},"c":{"b":2}})", "o").ok());
  EXPECT_FALSE(ParseToml("a = 1\na = 2\n", "o").ok());
  EXPECT_THAT(LoadError("proxy: {}\nProxy: {}\n"), HasSubstr("duplicate key `proxy`"));
}

TEST(FileFormatTest, NotUtf8IsRefused) {
  EXPECT_THAT(LoadError("proxy: \xff\n"), HasSubstr("stream did not contain valid UTF-8"));
}

TEST(FileFormatTest, TableKeysIgnoreCaseOutsideLists) {
  Settings settings =
      LoadSettings("RESOURCES_FILE: r\nProxy: {ADDR: '127.0.0.1:1'}\nadmin: {Enabled: false}");
  EXPECT_EQ(settings.proxy.addr, "127.0.0.1:1");
  EXPECT_THAT(LoadError("proxy: {addr: '127.0.0.1:1', url_rewrites: [{Match: a, rewrite: b}]}\n"),
              HasSubstr("unknown field `Match`, expected one of `name`, `match`, `rewrite`"));
}

TEST(FileFormatTest, YamlQuotesTagsAndAliases) {
  auto root = ParseYaml(
      "a: &x '1'\nb: \"true\"\nc: *x\nd: !!str 5\ne: |\n  7\nf: >-\n  8\ng: 9\nh: {<<: {i: 1}}\n", "o");
  ASSERT_TRUE(root.ok()) << root.status();
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) {
    EXPECT_EQ(root->Find(key)->kind, Value::Kind::kString) << key;
  }
  EXPECT_EQ(root->Find("g")->kind, Value::Kind::kInteger);
  EXPECT_NE(root->Find("h")->Find("<<"), nullptr) << "there are no merge keys";
}

TEST(FileFormatTest, AliasesThatExplodeAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string previous = "*a" + std::to_string(i - 1);
    std::string name = std::to_string(i);
    text += "a" + name + ": &a" + name + " [";
    for (int j = 0; j < 10; ++j) text += previous + ", ";
    text += "]\n";
  }
  auto root = ParseYaml(text, "o");
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.status().message(), "the document is too large");
}

TEST(FileFormatTest, KeepsTheOriginOfEveryValue) {
  auto root = ParseYaml("a: [1, {b: x}]\n", "c.yaml");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->Find("a")->elements[1].Find("b")->origin, "c.yaml");
}

TEST(FileFormatTest, JsonAndTomlTypes) {
  auto json = ParseJson(R"({"a":18446744073709551615,"b":-1,"c":1.5,"d":null,"e":true,"f":["x"]})", "o");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->Find("a")->kind, Value::Kind::kFloat);
  EXPECT_EQ(json->Find("b")->integer, -1);
  EXPECT_EQ(json->Find("c")->real, 1.5);
  EXPECT_TRUE(json->Find("d")->is_null());
  EXPECT_TRUE(json->Find("e")->boolean);
  EXPECT_EQ(json->Find("f")->elements[0].text, "x");
  auto toml = ParseToml("a = 0x10\nb = 2.5\nc = true\nd = ['x', {y = 1}]\ne = 2020-01-02\n", "o");
  ASSERT_TRUE(toml.ok()) << toml.status();
  EXPECT_EQ(toml->Find("a")->integer, 16);
  EXPECT_EQ(toml->Find("b")->real, 2.5);
  EXPECT_TRUE(toml->Find("c")->boolean);
  EXPECT_EQ(toml->Find("d")->elements[1].Find("y")->integer, 1);
  EXPECT_EQ(toml->Find("e")->text, "2020-01-02");
}

}  // namespace
}  // namespace aisix::config
