#include "supervisor/command_line.h"

#include <gtest/gtest.h>

#include <map>

namespace aisix::supervisor {
namespace {

using Action = CommandLine::Action;
using Strings = std::vector<std::string>;

CommandLine Parse(Strings arguments, const std::map<std::string, std::string>& variables = {}) {
  return ParseCommandLine(std::move(arguments), [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(CommandLine, ConfigInAllItsForms) {
  for (const Strings& arguments :
       {Strings{"-c", "a.yaml"}, Strings{"--config", "a.yaml"}, Strings{"--config=a.yaml"}}) {
    const CommandLine line = Parse(arguments);
    EXPECT_EQ(line.action, Action::kRun);
    EXPECT_EQ(line.config_path, "a.yaml");
  }
}

TEST(CommandLine, TheEnvironmentNamesTheFileToo) {
  EXPECT_EQ(Parse({}, {{"AISIX_CONFIG", "b.yaml"}}).config_path, "b.yaml");
  EXPECT_EQ(Parse({"-c", "a.yaml"}, {{"AISIX_CONFIG", "b.yaml"}}).config_path, "a.yaml");
}

TEST(CommandLine, AContainerNamesAFileThatMustExist) {
  EXPECT_EQ(Parse({}, {{"AISIX_CONFIG_PATH", "/proc/self/status"}}).config_path, "/proc/self/status");
  EXPECT_EQ(Parse({}, {{"AISIX_CONFIG", "b.yaml"}, {"AISIX_CONFIG_PATH", "/nowhere"}}).config_path, "b.yaml");
  for (const char* path : {"/nowhere/config.yaml", "/proc"}) {
    const CommandLine line = Parse({}, {{"AISIX_CONFIG_PATH", path}});
    EXPECT_EQ(line.action, Action::kExit);
    EXPECT_EQ(line.exit_code, 64);
    EXPECT_TRUE(
        line.error.starts_with(std::string("aisix-entrypoint: config file not found at ") + path + "\n"));
    EXPECT_EQ(std::count(line.error.begin(), line.error.end(), '\n'), 3);
  }
}

TEST(CommandLine, VersionAndHelpGoToStdout) {
  for (const char* flag : {"-V", "--version"}) {
    const CommandLine line = Parse({flag});
    EXPECT_EQ(line.action, Action::kExit);
    EXPECT_EQ(line.exit_code, 0);
    EXPECT_TRUE(line.output.starts_with("aisix ") && std::isdigit(line.output[6]) != 0) << line.output;
    EXPECT_TRUE(line.output.ends_with("\n"));
  }
  for (const Strings& arguments : {Strings{"-h"}, Strings{"--help"}, Strings{"help"}}) {
    const CommandLine line = Parse(arguments);
    EXPECT_EQ(line.exit_code, 0);
    EXPECT_NE(line.output.find("--config"), std::string::npos);
    EXPECT_NE(line.output.find("validate"), std::string::npos);
  }
  for (const Strings& arguments : {Strings{"help", "export"}, Strings{"export", "--help"}}) {
    const CommandLine line = Parse(arguments);
    EXPECT_EQ(line.exit_code, 0);
    EXPECT_NE(line.output.find("--reveal-secrets"), std::string::npos);
  }
}

TEST(CommandLine, ValidateIsForTheAdminWorker) {
  const CommandLine line = Parse({"validate", "--resources", "r.yaml"});
  EXPECT_EQ(line.action, Action::kAdminWorker);
  EXPECT_EQ(line.arguments, (Strings{"validate", "r.yaml"}));
}

TEST(CommandLine, ASubcommandNeedsNoConfigAndIgnoresIt) {
  EXPECT_EQ(Parse({"-c", "a.yaml", "validate", "--resources", "r.yaml"}).arguments,
            (Strings{"validate", "r.yaml"}));
}

TEST(CommandLine, ExportIsForTheAdminWorker) {
  EXPECT_EQ(Parse({"export", "--etcd", "http://a,http://b", "--etcd", "http://c"}).arguments,
            (Strings{"export", "--etcd", "http://a", "--etcd", "http://b", "--etcd", "http://c", "--prefix",
                     "/aisix"}));
  EXPECT_EQ(Parse({"export", "--etcd", "a:1", "--prefix", "/p", "--reveal-secrets", "-o", "f"}).arguments,
            (Strings{"export", "--etcd", "a:1", "--prefix", "/p", "--reveal-secrets", "--output", "f"}));
}

TEST(CommandLine, WhatIsMissingOrUnknownIsAUsageError) {
  struct Case {
    Strings arguments;
    const char* named;
  };
  for (const Case& wrong :
       {Case{{}, "--config <FILE>"}, Case{{"--bogus"}, "--bogus"}, Case{{"bogus"}, "bogus"},
        Case{{"validate"}, "--resources <FILE>"}, Case{{"export"}, "--etcd <URL>"},
        Case{{"validate", "--resources", "r", "--bogus"}, "--bogus"}, Case{{"help", "bogus"}, "bogus"},
        Case{{"-c"}, "--config"}}) {
    const CommandLine line = Parse(wrong.arguments);
    EXPECT_EQ(line.action, Action::kExit);
    EXPECT_EQ(line.exit_code, 2);
    EXPECT_TRUE(line.output.empty());
    EXPECT_NE(line.error.find(wrong.named), std::string::npos) << line.error;
    EXPECT_NE(line.error.find("Usage: aisix"), std::string::npos) << line.error;
  }
}

}  // namespace
}  // namespace aisix::supervisor
