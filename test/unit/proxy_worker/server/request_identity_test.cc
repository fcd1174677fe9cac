#include "proxy_worker/server/request_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "test/unit/proxy_worker/parsed_head.h"

namespace aisix::proxy {
namespace {

TEST(IdentifierSource, UuidsAreOfVersionFourAndDiffer) {
  IdentifierSource identifiers;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::array<char, 36> text;
    identifiers.Uuid(text);
    const std::string uuid(text.data(), text.size());
    EXPECT_THAT(uuid,
                testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

class TraceTest : public testing::Test {
 protected:
  TraceContext Resolve(const std::string& lines) {
    const ParsedHead head(lines);
    TraceContext trace;
    ResolveTrace(head.headers(), identifiers_, trace);
    return trace;
  }
  static std::string Id(const TraceContext& trace) { return {trace.trace_id.data(), trace.trace_id.size()}; }

  IdentifierSource identifiers_;
};

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

TEST_F(TraceTest, AValidParentIsContinued) {
  const TraceContext trace = Resolve("traceparent: 00-" + std::string(kTrace) + "-00f067aa0ba902b7-01\r\n");
  EXPECT_EQ(Id(trace), kTrace);
  EXPECT_TRUE(trace.has_parent());
  EXPECT_EQ(std::string(trace.parent_span.data(), 16), "00f067aa0ba902b7");
}

TEST_F(TraceTest, AnythingElseStartsANewTrace) {
  const std::string valid = "traceparent: 00-" + std::string(kTrace) + "-00f067aa0ba902b7-01\r\n";
  const std::string bad[] = {
      "",
      valid + valid,
      "traceparent: 01-" + std::string(kTrace) + "-00f067aa0ba902b7-01\r\n",
      "traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01\r\n",
      "traceparent: 00-" + std::string(kTrace) + "-00f067aa0ba902b7-01-x\r\n",
      "traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01\r\n",
      "traceparent: 00-" + std::string(kTrace) + "-0000000000000000-01\r\n",
      "traceparent: 00-" + std::string(kTrace) + "-00f067aa0ba902b7_01\r\n",
  };
  for (const std::string& lines : bad) {
    const TraceContext trace = Resolve(lines);
    EXPECT_FALSE(trace.has_parent()) << lines;
    EXPECT_NE(Id(trace), kTrace) << lines;
    EXPECT_THAT(Id(trace), testing::MatchesRegex("[0-9a-f]{32}")) << lines;
  }
}

}  // namespace
}  // namespace aisix::proxy
