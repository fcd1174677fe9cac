// Rules between the entries of a file (spec 02 §7.6, 03 §1.6). Only entries that decoded take part.
#pragma once

#include "admin_worker/source/file/entry.h"

namespace aisix::admin::file {

// Appends what it finds to the report of `table`.
void CheckReferences(EntryTable& table);

// Whether a URL carries credentials: an `@` in the authority, or a query parameter that is named like one.
bool UrlHasCredentials(std::string_view url);

}  // namespace aisix::admin::file
