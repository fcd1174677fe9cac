#include "admin_worker/source/file/report.h"

#include <gtest/gtest.h>

namespace aisix::admin::file {
namespace {

TEST(Report, Text) {
  LoadReport report;
  report.path = "/x/r.yaml";
  report.AddFileError("file is empty");
  report.errors.push_back({"models[0] (\"a\")", "bad", ErrorKind::kSchemaFailed, "models", "a"});
  EXPECT_EQ(report.ToString(),
            "resources file /x/r.yaml: 2 error(s):\n  - (file): file is empty\n  - models[0] (\"a\"): bad\n");
}

}  // namespace
}  // namespace aisix::admin::file
