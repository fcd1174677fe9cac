#include "supervisor/run/reload.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

class ReloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "reload-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    Replace("cert", "old-cert");
    Replace("resources", "old-resources");
    zones_.emplace(
        std::vector<config::FileGrant>{{"proxy", "proxy.tls.cert_file", directory_ + "/cert", true},
                                       {"admin", "resources_file", directory_ + "/resources", true}});
  }
  void TearDown() override {
    reload_.reset();
    zones_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Start(bool whole, const std::string& bootstrap = "/nowhere") {
    zones_->StartAll();
    reload_.emplace(zones_->loop, zones_->logger, *zones_->table, zones_->parts, zones_->files,
                    BootstrapSource{bootstrap, -1, "config.yaml"}, *DirectoryWatch::Create(), whole);
  }

  // As the program does it.
  void Connect() {
    zones_->on_ready = [this](Zone zone) { reload_->OnReady(zone); };
    zones_->on_reloaded = [this](Zone zone, uint64_t number, const std::string& refused) {
      reload_->OnAnswer(zone, number, refused);
      answers_.push_back(refused);
    };
    for (const Zone zone : kZones) reload_->OnReady(zone);
  }
  void KillProxy() {
    const pid_t old = zones_->table->PidOf(Zone::kProxy);
    ::kill(old, SIGKILL);
    zones_->RunUntil(
        [&] { return zones_->table->PidOf(Zone::kProxy) != old && zones_->table->IsReady(Zone::kProxy); });
  }
  bool ProxySays(const std::string& text) const {
    return zones_->Reported(Zone::kProxy, zones_->table->PidOf(Zone::kProxy), text);
  }

  void Replace(const std::string& name, const std::string& content) const {
    std::ofstream(directory_ + "/new", std::ios::trunc) << content;
    std::filesystem::rename(directory_ + "/new", directory_ + "/" + name);
  }

  std::string directory_;
  std::optional<Zones> zones_;
  std::optional<Reload> reload_;
  std::vector<std::string> answers_;
};

TEST_F(ReloadTest, HangupGivesFilesThenVariablesThenTheWord) {
  Start(true);
  Replace("resources", "new-resources");
  reload_->OnHangup();
  zones_->RunUntil([&] {
    return zones_->Reported(Zone::kAdmin, "reload signal") && zones_->Reported(Zone::kProxy, "reload signal");
  });
  const int file = zones_->Position(Zone::kAdmin, "file resources_file new-resources");
  const int environment = zones_->Position(Zone::kAdmin, "environment");
  EXPECT_GE(file, 0);
  EXPECT_GT(environment, file);
  EXPECT_GT(zones_->Position(Zone::kAdmin, "reload signal"), environment);
  EXPECT_FALSE(zones_->Reported(Zone::kProxy, "environment"));
  EXPECT_FALSE(zones_->Reported(Zone::kMetrics, "reload signal"));
}

// The child that reads the variables takes its time; the loop goes on meanwhile, and a second hangup follows.
TEST_F(ReloadTest, TheLoopGoesOnWhileVariablesAreRead) {
  const std::string gate = directory_ + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  const std::string bootstrap = directory_ + "/bootstrap";
  std::ofstream(bootstrap) << "#!/bin/sh\nread line <" << gate << "\n";
  std::filesystem::permissions(bootstrap, std::filesystem::perms::owner_all);
  Start(true, bootstrap);
  int ended = 0;
  reload_->OnHangup([&] { ++ended; });
  reload_->OnHangup([&] { ended += 10; });
  EXPECT_TRUE(reload_->active());
  bool elapsed = false;
  zones_->loop.After(std::chrono::milliseconds(1), [&] { elapsed = true; });
  zones_->RunUntil([&] { return elapsed; });
  EXPECT_EQ(ended, 0);
  EXPECT_FALSE(zones_->Reported(Zone::kAdmin, "reload signal"));
  for (const int expected : {1, 11}) {
    os::UniqueFd writer(::open(gate.c_str(), O_WRONLY | O_CLOEXEC));  // waits for its reader
    ASSERT_EQ(::write(writer.get(), "\n", 1), 1);
    writer.reset();
    zones_->RunUntil([&] { return ended == expected; });
  }
  EXPECT_FALSE(reload_->active());
  zones_->RunUntil([&] { return zones_->Reported(Zone::kAdmin, "reload signal"); });
}

TEST_F(ReloadTest, WithoutAFileSourceOnlyFilesAreReadAgain) {
  Start(false);
  reload_->OnHangup();
  zones_->RunUntil([&] { return zones_->Reported(Zone::kAdmin, "reload files"); });
  EXPECT_FALSE(zones_->Reported(Zone::kAdmin, "environment"));
}

// A worker that is started while the file is bad gets what its predecessor used.
TEST_F(ReloadTest, TheLastGoodCertificateIsKeptForRestarts) {
  Start(true);
  Connect();
  Replace("cert", "bad-cert");
  zones_->RunUntil([&] { return answers_ == std::vector<std::string>{"bad"}; });
  KillProxy();
  zones_->RunUntil([&] { return ProxySays("file proxy.tls.cert_file old-cert"); });
  // And then what is there now, which it refuses as well.
  zones_->RunUntil([&] { return ProxySays("file proxy.tls.cert_file bad-cert") && answers_.size() == 2; });
  EXPECT_EQ(answers_[1], "bad");

  std::ofstream(directory_ + "/cert", std::ios::trunc) << "new-cert";
  zones_->RunUntil([&] { return ProxySays("file proxy.tls.cert_file new-cert") && answers_.size() >= 3; });
  // Written over, not replaced: the copy is of what was used.
  zones_->RunUntil([&] { return answers_.back().empty() && !zones_->files.IsUnconfirmed(Zone::kProxy); });
  std::ofstream(directory_ + "/cert", std::ios::trunc) << "bad-again";
  KillProxy();
  zones_->RunUntil([&] { return ProxySays("file proxy.tls.cert_file new-cert"); });
}

TEST_F(ReloadTest, AFileThatIsGoneIsReportedToItsZone) {
  Start(true);
  std::filesystem::remove(directory_ + "/resources");
  reload_->OnHangup();
  zones_->RunUntil([&] {
    return zones_->Reported(Zone::kAdmin, "file resources_file No such file or directory (os error 2)");
  });
}

TEST_F(ReloadTest, ChangedCertificatesAreGivenAtOnceAndTheResourcesFileIsNot) {
  Start(true);
  Replace("resources", "new-resources");
  Replace("cert", "new-cert");
  zones_->RunUntil([&] { return zones_->Reported(Zone::kProxy, "reload files"); });
  EXPECT_TRUE(zones_->Reported(Zone::kProxy, "file proxy.tls.cert_file new-cert"));
  EXPECT_FALSE(zones_->Reported(Zone::kAdmin, "file resources_file new-resources"));
  EXPECT_FALSE(zones_->Reported(Zone::kAdmin, "reload files"));
}

}  // namespace
}  // namespace aisix::supervisor
