// Programs, the environment and the bootstrap child.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "lib/control/environment.h"
#include "lib/os/memory_file.h"
#include "supervisor/start/environment.h"
#include "supervisor/start/programs.h"
#include "supervisor/start/start_parts.h"

namespace aisix::supervisor {
namespace {

class StartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "start-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Script(const std::string& path, const std::string& body) const {
    const std::filesystem::path whole = directory_ + "/" + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(whole, std::filesystem::perms::owner_all);
    return whole;
  }

  std::string directory_;
};

TEST_F(StartTest, ProgramsAreBesideOrInLibexec) {
  std::filesystem::create_directories(directory_ + "/bin");
  const Programs programs(directory_ + "/bin");
  EXPECT_TRUE(absl::IsNotFound(programs.Find("tool").status()));
  Script("libexec/aisix/tool", "");
  EXPECT_EQ(*programs.Find("tool"), directory_ + "/bin/../libexec/aisix/tool");
  Script("bin/tool", "");
  EXPECT_EQ(*programs.Find("tool"), directory_ + "/bin/tool");
}

TEST(Environment, IsTakenAndWiped) {
  // In a process of its own: the variables are gone afterwards.
  const pid_t pid = ::fork();
  if (pid == 0) {
    char secret[] = "OPENAI_KEY=sk-secret";
    char path[] = "AISIX_CONFIG_PATH=/etc/aisix/config.yaml";
    char* variables[] = {secret, path, nullptr};
    ::environ = variables;
    absl::StatusOr<os::UniqueFd> file = TakeEnvironment();
    if (!file.ok() || !os::IsSealed(file->get())) ::_exit(1);
    const absl::StatusOr<control::Environment> environment =
        control::DecodeEnvironment(*os::ReadAll(file->get()));
    if (!environment.ok()) ::_exit(2);
    if (*environment != control::Environment{{"OPENAI_KEY", "sk-secret"}}) ::_exit(3);
    if (::getenv("OPENAI_KEY") != nullptr) ::_exit(4);
    for (const char byte : std::string_view(secret, sizeof(secret))) {
      if (byte != '\0') ::_exit(5);
    }
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(StartTest, AFailureThatTheChildReportedHasNoText) {
  const absl::Status status = ReadStartParts(Script("bootstrap", "exit 1"), -1, "config.yaml").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(), "");
}

TEST_F(StartTest, ADeathOfTheChildIsReported) {
  EXPECT_EQ(ReadStartParts(Script("bootstrap", "kill -SEGV $$"), -1, "config.yaml").status().message(),
            "the bootstrap child ended with signal SIGSEGV (11)");
}

TEST_F(StartTest, MissingPartsAreReported) {
  EXPECT_EQ(ReadStartParts(Script("bootstrap", "exit 0"), -1, "config.yaml").status().message(),
            "the bootstrap child sent nothing for the zone supervisor");
}

TEST_F(StartTest, TheChildIsToldWhatToDo) {
  const std::string program = Script("bootstrap", "echo \"$A $*\" >\"$0.out\"");
  const os::UniqueFd environment =
      *os::CreateSealedFile("environment", control::EncodeEnvironment({{"A", "value"}, {"PATH", "/bin"}}));
  absl::StatusOr<BootstrapChild> child =
      StartBootstrapChild(BootstrapScope::kEnvironments, program, environment.get(), "c.yaml");
  ASSERT_TRUE(child.ok());
  int status = 0;
  ASSERT_EQ(::waitpid(child->pid, &status, 0), child->pid);
  EXPECT_EQ(status, 0);
  std::string line;
  std::getline(std::ifstream(program + ".out"), line);
  EXPECT_EQ(line, "value --environment-only --config c.yaml");
}

}  // namespace
}  // namespace aisix::supervisor
