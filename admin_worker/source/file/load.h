// The resources file: text in, accepted documents or a report out (spec 02 §7). The same for start, reload
// and `aisix validate`.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "admin_worker/resources/document_set.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/file/interpolation.h"
#include "admin_worker/source/file/report.h"

namespace aisix::admin::file {

struct LoadedFile {
  DocumentSet documents;
  std::string source_hash;  // of the bytes, lower-case hexadecimal
};

// All or nothing: any error refuses the whole file. `content`: the bytes, or why they could not be read;
// `path` is for messages only. `generation`: the revision of every document.
std::variant<LoadedFile, LoadReport> LoadFile(std::string_view path,
                                              const absl::StatusOr<std::string>& content,
                                              const Variables& variables, const SchemaCatalog& schemas,
                                              int64_t generation = 1);

}  // namespace aisix::admin::file
