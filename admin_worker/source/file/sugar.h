// What only a file may say: references by name instead of by id, and keys by environment variable (spec 02
// §7.5).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "admin_worker/source/file/entry.h"
#include "admin_worker/source/file/interpolation.h"

namespace aisix::admin::file {

// Rewrites the document of `entry` to the form that the schemas know. INVALID_ARGUMENT with the text of the
// report; no secret appears in it.
absl::Status Desugar(const EntryTable& table, const Variables& variables, Entry& entry);

}  // namespace aisix::admin::file
