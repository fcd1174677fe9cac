// What went wrong in BoringSSL, for people.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace aisix::tls {

// The reason of the last error of this thread, lower case ("wrong version number"); empties the queue.
std::string TakeErrorText();

// Why a handshake or a read failed; `host` is whom the client wanted, empty for a server.
std::string HandshakeErrorText(SSL* ssl, const std::string& host);

}  // namespace aisix::tls
