#include "lib/tls/certificates.h"

#include <gtest/gtest.h>

#include <string>

#include "test_certificates.h"

namespace aisix::tls {
namespace {

TEST(Certificates, ServerContextNamesThePartThatIsWrong) {
  const TestIdentity authority = MakeIdentity("ca", "", nullptr);
  const TestIdentity one = MakeIdentity("one", "DNS:one", &authority);
  const TestIdentity two = MakeIdentity("two", "DNS:two", &authority);
  const auto error = [](std::string chain, std::string key) {
    ServerOptions options;
    options.certificate_chain = std::move(chain);
    options.private_key = std::move(key);
    return std::string(MakeServerSecurity(options).status().message());
  };
  EXPECT_EQ(error(one.certificate_pem + authority.certificate_pem, one.key_pem), "");
  EXPECT_EQ(error(one.certificate_pem, Sec1Pem(one)), "");
  EXPECT_EQ(error("", one.key_pem), "certificate chain: no certificate found");
  EXPECT_EQ(error(one.key_pem, one.key_pem), "certificate chain: no certificate found");
  EXPECT_EQ(error(one.certificate_pem, ""), "private key: no private key found");
  EXPECT_EQ(error(one.certificate_pem, one.certificate_pem), "private key: no private key found");
  EXPECT_EQ(error(one.certificate_pem, two.key_pem), "private key does not belong to the certificate");
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(error(one.certificate_pem + broken, one.key_pem).substr(0, 33),
            "certificate chain: certificate 2:");
}

TEST(Certificates, RootsAreCountedAndMustBeThere) {
  const TestIdentity a = MakeIdentity("a", "", nullptr);
  const TestIdentity b = MakeIdentity("b", "", nullptr);
  const std::string bundle = "# comment\n" + a.certificate_pem + "text\n" + b.certificate_pem;
  auto roots = ParseRoots({bundle, ""});
  ASSERT_TRUE(roots.ok());
  EXPECT_EQ((*roots)->size(), 2u);
  EXPECT_EQ(ParseRoots({"no certificate"}).status().message(), "no certificate found");
  const TestIdentity c = MakeIdentity("c", "", nullptr);
  auto more = AddRoots(**roots, c.certificate_pem);
  ASSERT_TRUE(more.ok());
  EXPECT_EQ((*more)->size(), 3u);
  EXPECT_FALSE(AddRoots(**roots, "").ok());
  EXPECT_EQ((*roots)->size(), 2u);
}

TEST(Certificates, ClientIdentityIsChecked) {
  const TestIdentity one = MakeIdentity("one", "", nullptr);
  ClientOptions options;
  options.client_certificate_chain = one.certificate_pem;
  EXPECT_EQ(MakeClientSecurity(options).status().message(), "private key: no private key found");
  options.client_private_key = one.key_pem;
  EXPECT_TRUE(MakeClientSecurity(options).ok());
}

}  // namespace
}  // namespace aisix::tls
