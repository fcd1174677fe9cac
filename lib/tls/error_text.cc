#include "lib/tls/error_text.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace aisix::tls {

std::string TakeErrorText() {
  const uint32_t error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  std::string text = reason ? absl::AsciiStrToLower(reason) : std::string("unknown error");
  ERR_clear_error();
  return absl::StrReplaceAll(text, {{"_", " "}});
}

std::string HandshakeErrorText(SSL* ssl, const std::string& host) {
  const long verification = SSL_get_verify_result(ssl);
  const std::string text = TakeErrorText();
  if (verification == X509_V_OK || text != "certificate verify failed") return text;
  if (verification == X509_V_ERR_HOSTNAME_MISMATCH || verification == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return absl::StrCat("certificate verify failed: certificate is not valid for ", host);
  }
  return absl::StrCat("certificate verify failed: ", X509_verify_cert_error_string(verification));
}

}  // namespace aisix::tls
