#include "admin_worker/source/etcd/client/tls_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/lib/tls/test_certificates.h"

namespace aisix::admin::etcd {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class TlsSettingsTest : public ::testing::Test {
 protected:
  TlsFiles Files(long valid_from_s = -3600, long valid_to_s = 3600) const {
    const tls::TestIdentity client =
        tls::MakeIdentity("client", "DNS:client", &authority_, valid_from_s, valid_to_s);
    return {authority_.certificate_pem, client.certificate_pem, client.key_pem};
  }

  const tls::TestIdentity authority_ = tls::MakeIdentity("ca", "", nullptr);
};

TEST_F(TlsSettingsTest, Usable) {
  const auto settings = MakeTlsSettings(Files(), "etcd");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ((*settings)->expected_name(), "etcd");
  EXPECT_EQ((*settings)->ClientCertificateProblem(), "");
}

TEST_F(TlsSettingsTest, TheFaultNamesItsFile) {
  const auto message = [](const TlsFiles& files) {
    return std::string(MakeTlsSettings(files, "etcd").status().message());
  };
  TlsFiles files = Files();
  files.ca_cert = "";
  EXPECT_THAT(message(files), StartsWith("etcd.tls.ca_cert_file: "));
  files = Files();
  files.client_cert = files.client_key;
  EXPECT_THAT(message(files), StartsWith("etcd.tls.client_cert_file: "));
  files = Files();
  files.client_key = "nonsense";
  EXPECT_THAT(message(files), StartsWith("etcd.tls.client_key_file: "));
  files = Files();
  files.client_key = Files().client_key;
  EXPECT_THAT(message(files), HasSubstr("private key does not belong to the certificate"));
}

TEST_F(TlsSettingsTest, TheTimeOfTheClientCertificate) {
  EXPECT_THAT((*MakeTlsSettings(Files(-7200, -3600), "e"))->ClientCertificateProblem(),
              StartsWith("expired on 20"));
  EXPECT_THAT((*MakeTlsSettings(Files(3600, 7200), "e"))->ClientCertificateProblem(),
              StartsWith("is not valid before 20"));
}

}  // namespace
}  // namespace aisix::admin::etcd
