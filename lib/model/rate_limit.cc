#include "lib/model/rate_limit.h"

#include "lib/model/decode/rate_limit.h"

namespace aisix::model {

void ReadMembers(decode::ObjectReader& reader, RateLimit& limit) {
  reader.Get("rps", limit.rps);
  reader.Get("rpm", limit.rpm);
  reader.Get("rph", limit.rph);
  reader.Get("rpd", limit.rpd);
  reader.Get("tpm", limit.tpm);
  reader.Get("tpd", limit.tpd);
  reader.Get("concurrency", limit.concurrency);
}

}  // namespace aisix::model
