#include <gtest/gtest.h>

#include "lib/url/url.h"

namespace aisix::url {
namespace {

TEST(IsCredentialName, Table) {
  for (const char* name : {"key", "api_key", "API-Key", "apikey", "access_token", "client-secret", "Password",
                           "X-Amz-Credential", "sig", "X-Amz-Signature", "k%65y"}) {
    EXPECT_TRUE(IsCredentialName(name)) << name;
  }
  for (const char* name : {"keys", "model", "tokens", "api-version", "signed", ""}) {
    EXPECT_FALSE(IsCredentialName(name)) << name;
  }
}

TEST(RedactQuery, ReplacesValuesOnly) {
  EXPECT_EQ(RedactQuery("https://e.com/p?api_key=s3cret&model=x&sig=%20a=b#key=kept"),
            "https://e.com/p?api_key=REDACTED&model=x&sig=REDACTED#key=kept");
  EXPECT_EQ(RedactQuery("https://e.com/p?key&token="), "https://e.com/p?key&token=REDACTED");
  EXPECT_EQ(RedactQuery("https://e.com/key=1"), "https://e.com/key=1");
  EXPECT_EQ(RedactQuery("https://e.com/?"), "https://e.com/?");
}

TEST(RedactUrls, InsideText) {
  EXPECT_EQ(RedactUrls("error (https://u:p@e.com/a?key=1) for HTTP://[::1]:80/?token=2, again"),
            "error (https://REDACTED@e.com/a?key=REDACTED) for HTTP://[::1]:80/?token=REDACTED again");
  EXPECT_EQ(RedactUrls("no url, key=1 :// ftp://x?key=2"), "no url, key=1 :// ftp://x?key=2");
  EXPECT_EQ(RedactUrls(""), "");
}

}  // namespace
}  // namespace aisix::url
