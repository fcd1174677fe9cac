// Who may use /admin/v1 (spec 04 §2).
#pragma once

#include <string>
#include <vector>

#include "lib/crypto/sha256.h"
#include "lib/http/head.h"

namespace aisix::admin {

// Keeps digests of the admin keys, not the keys. Immutable.
class AdminKeys {
 public:
  explicit AdminKeys(const std::vector<std::string>& keys);

  // Whether the request carries an admin key: `Authorization: Bearer …`, or `x-api-key` when that header is
  // absent.
  bool Authorize(const http::Headers& headers) const;

 private:
  std::vector<crypto::Sha256> digests_;
};

}  // namespace aisix::admin
