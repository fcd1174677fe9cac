#include "supervisor/run/granted_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lib/os/memory_file.h"
#include "supervisor/run/directory_watch.h"

namespace aisix::supervisor {
namespace {

class GrantedFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "files-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::trunc) << content;
  }
  // As editors and ConfigMaps do it.
  void Replace(const std::string& name, const std::string& content) const {
    Write("new", content);
    std::filesystem::rename(Path("new"), Path(name));
  }
  static std::string Content(const control::Message& message) { return *os::ReadAll(message.fd.get()); }

  std::string directory_;
};

TEST_F(GrantedFilesTest, EachZoneGetsItsOwn) {
  Write("cert", "certificate");
  Write("resources", "resources");
  GrantedFiles files({{"proxy", "proxy.tls.cert_file", Path("cert"), true},
                      {"admin", "resources_file", Path("resources"), true},
                      {"exporter", "x", Path("cert"), true}});
  ASSERT_TRUE(files.OpenAll().ok());
  ASSERT_EQ(files.For(Zone::kProxy).size(), 1u);
  EXPECT_EQ(files.For(Zone::kProxy)[0]->name, "proxy.tls.cert_file");
  EXPECT_EQ(Content(*files.For(Zone::kProxy)[0]), "certificate");
  EXPECT_EQ(Content(*files.For(Zone::kAdmin)[0]), "resources");
  EXPECT_TRUE(files.For(Zone::kEgress).empty());
}

TEST_F(GrantedFilesTest, AMissingRequiredFileHasTheTextOfItsKey) {
  const auto error = [&](const std::string& name) {
    GrantedFiles files({{"proxy", "proxy.tls.key_file", Path("k"), false}, {"proxy", name, Path("c"), true}});
    return std::string(files.OpenAll().message());
  };
  const std::string reason = "No such file or directory (os error 2)";
  EXPECT_EQ(error("upstream.tls.ca_file"), "upstream.tls.ca_file: read " + Path("c") + ": " + reason);
  EXPECT_EQ(error("etcd.tls.ca_cert_file"), "etcd.tls.ca_cert_file = \"" + Path("c") + "\": " + reason);
  EXPECT_EQ(error("proxy.tls.cert_file"), "proxy serve error: proxy.tls: failed to load cert_file=\"" +
                                              Path("c") + "\" / key_file=\"" + Path("k") + "\": " + reason);
}

TEST_F(GrantedFilesTest, OtherMissingFilesAreForTheZoneToReport) {
  GrantedFiles files(
      {{"admin", "resources_file", Path("r"), true}, {"proxy", "ca_bundle", Path("c"), false}});
  ASSERT_TRUE(files.OpenAll().ok());
  EXPECT_FALSE(files.For(Zone::kAdmin)[0]->fd.valid());
  EXPECT_EQ(files.For(Zone::kAdmin)[0]->text, "No such file or directory (os error 2)");
  EXPECT_EQ(files.For(Zone::kProxy)[0]->text, "No such file or directory (os error 2)");
}

TEST_F(GrantedFilesTest, ReopensWhatWasReplaced) {
  Write("resources", "old");
  GrantedFiles files({{"admin", "resources_file", Path("resources"), true}});
  ASSERT_TRUE(files.OpenAll().ok());
  Replace("resources", "new");
  EXPECT_EQ(Content(*files.For(Zone::kAdmin)[0]), "old");
  files.ReopenAll();
  EXPECT_EQ(Content(*files.For(Zone::kAdmin)[0]), "new");
  std::filesystem::remove(Path("resources"));
  files.ReopenAll();
  EXPECT_FALSE(files.For(Zone::kAdmin)[0]->fd.valid());
}

TEST_F(GrantedFilesTest, FindsWhatHasChanged) {
  Write("cert", "old");
  Write("key", "old");
  Write("resources", "old");
  GrantedFiles files({{"proxy", "proxy.tls.cert_file", Path("cert"), true},
                      {"proxy", "proxy.tls.key_file", Path("key"), true},
                      {"admin", "resources_file", Path("resources"), true}});
  ASSERT_TRUE(files.OpenAll().ok());
  EXPECT_TRUE(files.OpenChanged().empty());
  Replace("cert", "new");
  Replace("resources", "new");  // read again at SIGHUP only
  std::vector<GrantedFiles::Changed> changed = files.OpenChanged();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].zone, Zone::kProxy);
  EXPECT_EQ(changed[0].message->name, "proxy.tls.cert_file");
  EXPECT_EQ(Content(*changed[0].message), "new");
  EXPECT_TRUE(files.OpenChanged().empty());
  Write("key", "longer");  // in place
  EXPECT_EQ(files.OpenChanged().size(), 1u);
}

TEST_F(GrantedFilesTest, AFileThatIsGoneForAMomentStaysInService) {
  Write("cert", "old");
  GrantedFiles files({{"proxy", "proxy.tls.cert_file", Path("cert"), true}});
  ASSERT_TRUE(files.OpenAll().ok());
  std::filesystem::remove(Path("cert"));
  EXPECT_TRUE(files.OpenChanged().empty());
  EXPECT_EQ(Content(*files.For(Zone::kProxy)[0]), "old");
}

TEST_F(GrantedFilesTest, DirectoriesAreWatchedForReplacement) {
  Write("cert", "old");
  GrantedFiles files({{"proxy", "proxy.tls.cert_file", Path("cert"), true},
                      {"proxy", "upstream.tls.ca_file", Path("absent/ca"), false},
                      {"admin", "resources_file", "/proc/self/status", true}});
  EXPECT_EQ(files.WatchedDirectories(), (std::vector<std::string>{directory_, Path("absent")}));
  DirectoryWatch watch = *DirectoryWatch::Create();
  watch.Add(files.WatchedDirectories());
  EXPECT_FALSE(watch.Take());
  Replace("cert", "new");
  EXPECT_TRUE(watch.Take());
  EXPECT_FALSE(watch.Take());
}

// /etc/resolv.conf is a link into another directory on many systems.
TEST_F(GrantedFilesTest, TheDirectoryThatALinkLeadsToIsWatchedAsWell) {
  ASSERT_TRUE(std::filesystem::create_directory(Path("run")));
  Write("run/resolv.conf", "one");
  std::filesystem::create_symlink(Path("run/resolv.conf"), Path("resolv.conf"));
  GrantedFiles files({{"egress", "resolv_conf", Path("resolv.conf"), false}});
  ASSERT_TRUE(files.OpenAll().ok());
  const std::vector<std::string> directories = files.WatchedDirectories();
  const std::string target = std::filesystem::canonical(Path("run"));
  EXPECT_EQ(std::count(directories.begin(), directories.end(), target), 1);
  EXPECT_EQ(std::count(directories.begin(), directories.end(), directory_), 1);
  Replace("run/resolv.conf", "two");
  ASSERT_EQ(files.OpenChanged().size(), 1u);
  EXPECT_EQ(Content(*files.For(Zone::kEgress)[0]), "two");
}

TEST_F(GrantedFilesTest, AFileThatNobodyNamedMayBeMissing) {
  GrantedFiles files({{"egress", "hosts", Path("none"), false}, {"egress", "key", Path("none"), true}});
  EXPECT_FALSE(files.OpenAll().ok());
  ASSERT_EQ(files.Unreadable(Zone::kEgress).size(), 1u);
  EXPECT_EQ(files.Unreadable(Zone::kEgress)[0]->name, "key");
  // It is given when it comes into being.
  Write("none", "127.0.0.1 x");
  EXPECT_EQ(files.OpenChanged().size(), 2u);
}

}  // namespace
}  // namespace aisix::supervisor
