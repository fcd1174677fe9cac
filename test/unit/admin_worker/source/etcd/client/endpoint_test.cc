#include "admin_worker/source/etcd/client/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::admin::etcd {
namespace {

using ::testing::HasSubstr;

TEST(Endpoint, Forms) {
  struct Case {
    const char* text;
    bool tls;
    const char* name;
  };
  const Case cases[] = {
      {"http://127.0.0.1:2379", false, "http://127.0.0.1:2379"},
      {"http://127.0.0.1:2379/", false, "http://127.0.0.1:2379"},
      {"etcd-1:2379", false, "http://etcd-1:2379"},
      {"etcd-1", false, "http://etcd-1:2379"},
      {"etcd-1:23790", true, "https://etcd-1:23790"},
      {"https://Etcd.Example:1", false, "https://etcd.example:1"},
      {"http://[::1]:2379", false, "http://[::1]:2379"},
      {"https://[::1]", true, "https://[::1]:2379"},
  };
  for (const Case& one : cases) {
    const auto endpoints = ParseEndpoints({one.text}, one.tls);
    ASSERT_TRUE(endpoints.ok()) << endpoints.status();
    EXPECT_EQ(endpoints->front().Name(), one.name);
  }
}

TEST(Endpoint, Unusable) {
  for (const char* text : {"ftp://etcd:1", "http://", "http://etcd:0", "http://etcd:99999",
                           "http://user@etcd:1", "http://etcd:1/path", "et cd", ""}) {
    const auto endpoints = ParseEndpoints({text}, false);
    ASSERT_FALSE(endpoints.ok()) << text;
    EXPECT_THAT(std::string(endpoints.status().message()), HasSubstr("etcd.endpoints"));
  }
  EXPECT_THAT(std::string(ParseEndpoints({"http://etcd:1"}, true).status().message()),
              HasSubstr("is plain text, but etcd.tls is set"));
}

}  // namespace
}  // namespace aisix::admin::etcd
