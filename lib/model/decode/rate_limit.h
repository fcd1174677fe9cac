// Decoding of the shared limits.
#pragma once

#include "lib/model/decode/reader.h"
#include "lib/model/rate_limit.h"

namespace aisix::model {

void ReadMembers(decode::ObjectReader& reader, RateLimit& limit);

}  // namespace aisix::model
