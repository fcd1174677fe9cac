// Collected metrics to and from the messages between zones.
#pragma once

#include <vector>

#include "lib/metrics/snapshot.h"
#include "proto/zone.pb.h"

namespace aisix::ipc {

void ToProto(const metrics::Family& family, zone::Family& message);
// Series that do not fit their family (numbers of labels, buckets, quantiles) are left out: the peer may be
// taken over.
metrics::Family FromProto(const zone::Family& message);

}  // namespace aisix::ipc
