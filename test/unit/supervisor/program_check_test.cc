#include "supervisor/upgrade/program_check.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "lib/os/memory_file.h"
#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

using namespace std::chrono_literals;

class ProgramCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    zones_.on_other_ended = [this](pid_t pid, const Exit& exit) {
      others_.push_back(pid);
      if (check_) check_->OnChildEnded(pid, exit);
    };
    zones_.StartAll();
  }
  // A program that does what the shell is told here; what it was asked is `$1`, the file its descriptor 3.
  std::string Program(const std::string& script) const {
    std::string path = zones_.directory() + "/new-aisix";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  void Begin(const std::string& program, std::chrono::milliseconds patience = 60s) {
    check_.emplace(zones_.loop, patience);
    const os::UniqueFd file = *os::CreateSealedFile("handover", "from here\n");
    check_->Begin(program, file.get(), [this](const absl::Status& status) { answer_ = status; });
    EXPECT_FALSE(answer_);
    EXPECT_TRUE(check_->active());
  }
  void Wait() {
    zones_.RunUntil([&] { return answer_.has_value(); });
    EXPECT_FALSE(check_->active());
  }

  Zones zones_;
  std::vector<pid_t> others_;
  std::optional<ProgramCheck> check_;
  std::optional<absl::Status> answer_;
};

TEST_F(ProgramCheckTest, TheFileIsGivenAndTheExitCodeIsTheAnswer) {
  Begin(Program("read -r line </proc/self/fd/3; [ \"$1 $line\" = '--check-handover from here' ]"));
  Wait();
  EXPECT_TRUE(answer_->ok()) << *answer_;
}

TEST_F(ProgramCheckTest, OneThatCannotGoOn) {
  Begin(Program("exit 3"));
  Wait();
  EXPECT_EQ(answer_->message(), "the new program cannot go on from here: exit code 3");
}

TEST_F(ProgramCheckTest, OneThatIsNotThere) {
  Begin(zones_.directory() + "/nothing");
  Wait();
  EXPECT_FALSE(answer_->ok());
}

// It hangs: meanwhile workers are started again, and in the end it is given up and killed.
TEST_F(ProgramCheckTest, OneThatDoesNotAnswer) {
  const std::string gate = zones_.directory() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  Begin(Program("read -r line <" + gate), 300ms);
  const pid_t victim = zones_.table->PidOf(Zone::kAdmin);
  ::kill(victim, SIGKILL);
  Wait();
  zones_.RunUntil(
      [&] { return zones_.table->PidOf(Zone::kAdmin) != victim && zones_.table->IsReady(Zone::kAdmin); });
  EXPECT_EQ(answer_->message(),
            "the new program was asked whether it can go on from here, and has not answered within 300 ms");
  zones_.RunUntil([&] { return others_.size() == 1; });
  EXPECT_EQ(::kill(others_[0], 0), -1);
}

// The same with an answer that comes at last, after the worker is back.
TEST_F(ProgramCheckTest, TheLoopGoesOnWhileItThinks) {
  const std::string gate = zones_.directory() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  Begin(Program("read -r line <" + gate));
  const pid_t victim = zones_.table->PidOf(Zone::kAdmin);
  ::kill(victim, SIGKILL);
  zones_.RunUntil(
      [&] { return zones_.table->PidOf(Zone::kAdmin) != victim && zones_.table->IsReady(Zone::kAdmin); });
  EXPECT_FALSE(answer_);
  const os::UniqueFd writer(::open(gate.c_str(), O_WRONLY | O_CLOEXEC));  // waits for its reader
  ASSERT_EQ(::write(writer.get(), "\n", 1), 1);
  Wait();
  EXPECT_TRUE(answer_->ok()) << *answer_;
}

}  // namespace
}  // namespace aisix::supervisor
