#include "proxy_worker/providers/upstream_security.h"

#include <gtest/gtest.h>

namespace aisix::proxy {
namespace {

TEST(UpstreamSecurity, SharesContextsBetweenEqualBlocks) {
  log::Logger logger("test", log::Filter());
  auto cache = UpstreamSecurityCache::Make(tls::ClientOptions(), logger);
  ASSERT_TRUE(cache.ok()) << cache.status();
  const auto deployment = (*cache)->For("a", nullptr);
  ASSERT_NE(deployment, nullptr);
  model::UpstreamTls block;
  EXPECT_EQ((*cache)->For("a", &block), deployment) << "an empty block changes nothing";
  block.verify = false;
  const auto unverified = (*cache)->For("a", &block);
  ASSERT_NE(unverified, nullptr);
  EXPECT_NE(unverified, deployment);
  EXPECT_EQ((*cache)->For("b", &block), unverified);
}

TEST(UpstreamSecurity, ABadCertificateFallsBackToTheDeployment) {
  log::Logger logger("test", log::Filter());
  auto cache = UpstreamSecurityCache::Make(tls::ClientOptions(), logger);
  ASSERT_TRUE(cache.ok()) << cache.status();
  model::UpstreamTls block;
  block.ca_cert = "no certificate";
  EXPECT_EQ((*cache)->For("a", &block), (*cache)->For("a", nullptr));
}

TEST(UpstreamSecurity, VerificationSwitchedOffForTheDeploymentStaysOff) {
  log::Logger logger("test", log::Filter());
  tls::ClientOptions options;
  options.verify = false;
  auto cache = UpstreamSecurityCache::Make(options, logger);
  ASSERT_TRUE(cache.ok()) << cache.status();
  const model::UpstreamTls block;
  EXPECT_EQ((*cache)->For("a", &block), (*cache)->For("a", nullptr));
}

}  // namespace
}  // namespace aisix::proxy
