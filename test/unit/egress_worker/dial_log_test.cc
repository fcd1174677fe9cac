#include "egress_worker/dial_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "lib/os/memory_file.h"

namespace aisix::egress {
namespace {

TEST(DialLog, LinesAreLimitedAndTheRestIsCounted) {
  auto file = os::CreateMemoryFile("log");
  ASSERT_TRUE(file.ok());
  {
    log::Logger logger("egress", *log::Filter::Parse("info"), file->get());
    DialLog log(logger);
    for (int i = 0; i < 100; ++i) log.Refused("a:1", ipc::DialOutcome::kDenied, "why", 1000);
    log.Refused("b:2", ipc::DialOutcome::kConnectFailed, "why", 1200);
  }
  std::string text = *os::ReadAll(file->get());
  EXPECT_EQ(static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')), DialLog::kBurst + 1);
  EXPECT_NE(text.find("dial refused destination=\"a:1\" reason=\"why\""), std::string::npos) << text;
  EXPECT_NE(text.find("dial failed destination=\"b:2\" reason=\"why\" suppressed_before=80"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace aisix::egress
