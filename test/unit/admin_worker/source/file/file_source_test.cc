#include "admin_worker/source/file/file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lib/os/memory_file.h"

namespace aisix::admin::file {
namespace {

using ::testing::HasSubstr;

constexpr char kGood[] = "_format_version: \"1\"\ncache_policies: [{name: a}]\n";
constexpr char kOther[] = "_format_version: \"1\"\ncache_policies: [{name: a}, {name: b}]\n";
constexpr char kBad[] = "_format_version: \"1\"\ncache_policies: [{}]\n";

class FileSourceTest : public ::testing::Test {
 protected:
  // What one worker has; the state file outlives it.
  struct Worker {
    explicit Worker(int state_fd)
        : state(os::UniqueFd(::dup(state_fd))), source("r.yaml", schemas, status, state, logger) {
      source.SetPublish(
          [this](ConfigurationPtr configuration) { published.push_back(std::move(configuration)); });
    }
    nlohmann::json Status() const { return nlohmann::json::parse(status.ToJson(absl::Now())); }

    SchemaCatalog schemas;
    ConfigStatus status{SourceType::kFile};
    StateFile state;
    log::Logger logger{"test", log::Filter()};
    FileSource source;
    std::vector<ConfigurationPtr> published;
  };

  os::UniqueFd memory_ = *os::CreateMemoryFile("state");
  const Variables none_;
};

TEST_F(FileSourceTest, GenerationsGrowWithSuccessOnly) {
  Worker worker(memory_.get());
  ASSERT_TRUE(worker.source.Start(std::string(kGood), none_).ok());
  EXPECT_EQ(worker.source.current()->generation, 1);
  const auto check = [](model::Kind, const std::string&, const DocumentPtr& value) {
    EXPECT_EQ(value->revision(), 1);
  };
  worker.source.current()->documents.ForEach(check);
  worker.source.Reload(std::string(kBad), none_);
  EXPECT_EQ(worker.source.current()->generation, 1);
  worker.source.Reload(std::string(kOther), none_);
  EXPECT_EQ(worker.source.current()->generation, 2);
  EXPECT_EQ(worker.source.current()->documents.size(), 2u);
  ASSERT_EQ(worker.published.size(), 2u);
  EXPECT_EQ(worker.published[1], worker.source.current());
}

TEST_F(FileSourceTest, ABadFirstFileIsAnErrorWithTheReport) {
  Worker worker(memory_.get());
  const absl::Status status = worker.source.Start(std::string(kBad), none_);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("resources file r.yaml: 1 error(s):\n  - cache_policies[0]: "));
  EXPECT_EQ(worker.source.current(), nullptr);
  EXPECT_TRUE(worker.published.empty());
}

TEST_F(FileSourceTest, ARestartedWorkerHasTheLastGoodSetWithoutReadingTheFile) {
  {
    Worker worker(memory_.get());
    EXPECT_FALSE(worker.source.Restore());
    ASSERT_TRUE(worker.source.Start(std::string(kGood), none_).ok());
    worker.source.OnApplied(worker.source.current());
    worker.source.Reload(std::string(kOther), none_);
    worker.source.OnApplied(worker.source.current());
    worker.source.Reload(std::string(kBad), none_);
  }
  Worker worker(memory_.get());
  ASSERT_TRUE(worker.source.Restore());
  EXPECT_EQ(worker.source.current()->generation, 2);
  EXPECT_EQ(worker.source.current()->documents.size(), 2u);
  EXPECT_EQ(worker.Status()["state"], "out_of_sync");
  EXPECT_EQ(worker.Status()["applied"]["apply_seq"], 2);
  worker.source.Reload(std::string(kGood), none_);
  EXPECT_EQ(worker.source.current()->generation, 3);
}

TEST_F(FileSourceTest, StatusTellsRefusalsFromUnreadableFiles) {
  Worker worker(memory_.get());
  ASSERT_TRUE(worker.source.Start(std::string(kGood), none_).ok());
  EXPECT_EQ(worker.Status()["state"], "never_loaded");  // nobody has it yet
  worker.source.OnApplied(worker.source.current());
  EXPECT_EQ(worker.Status()["state"], "synced");
  worker.source.Reload(absl::UnavailableError("gone"), none_);
  EXPECT_EQ(worker.Status()["last_failure"]["last_error_kind"], "fetch");
  EXPECT_EQ(worker.Status()["state"], "synced");
  worker.source.Reload(std::string("a: [\n"), none_);
  EXPECT_EQ(worker.Status()["last_failure"]["last_error_kind"], "non_json");
  EXPECT_EQ(worker.Status()["state"], "out_of_sync");
  EXPECT_EQ(worker.Status()["rejected"][0]["resource_kind"], "");
}

}  // namespace
}  // namespace aisix::admin::file
