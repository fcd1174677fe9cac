// `aisix validate --resources <FILE>` (spec 01 §2): the whole pipeline of the file source, and nothing else.
#pragma once

#include <string>

#include "admin_worker/source/file/interpolation.h"

namespace aisix::admin::file {

// Prints `OK: …` on stdout or the report on stderr; the exit code. `variables`: the process environment.
int Validate(const std::string& path, const Variables& variables);

// The environment of this process.
Variables ProcessEnvironment();

}  // namespace aisix::admin::file
