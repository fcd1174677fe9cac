#include "admin_worker/api/authorization.h"

#include "absl/strings/ascii.h"
#include "lib/crypto/secret.h"

namespace aisix::admin {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

// The token of a request; empty: none.
std::string_view Token(const http::Headers& headers) {
  constexpr std::string_view kBearer = "Bearer ";
  if (const auto authorization = headers.Find("authorization"))
    return authorization->starts_with(kBearer) ? Trim(authorization->substr(kBearer.size()))
                                               : std::string_view();
  const auto key = headers.Find("x-api-key");
  return key ? Trim(*key) : std::string_view();
}

}  // namespace

AdminKeys::AdminKeys(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) digests_.push_back(crypto::Sha256::Of(key));
}

bool AdminKeys::Authorize(const http::Headers& headers) const {
  const std::string_view token = Token(headers);
  if (token.empty()) return false;
  const crypto::Sha256 digest = crypto::Sha256::Of(token);
  const auto view = [](const crypto::Sha256& value) {
    return std::string_view(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  };
  bool known = false;
  // Every key is compared: the time says nothing about which one it was.
  for (const crypto::Sha256& key : digests_) known |= crypto::EqualConstantTime(view(key), view(digest));
  return known;
}

}  // namespace aisix::admin
