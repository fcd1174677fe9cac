// Decoding of the blocks of a model.
#pragma once

#include "lib/model/decode/reader.h"
#include "lib/model/ensemble.h"
#include "lib/model/routing.h"
#include "lib/model/semantic.h"

namespace aisix::model {

void ReadMembers(decode::ObjectReader& reader, Routing& routing);
void ReadMembers(decode::ObjectReader& reader, Ensemble& ensemble);
void ReadMembers(decode::ObjectReader& reader, Semantic& semantic);

}  // namespace aisix::model
