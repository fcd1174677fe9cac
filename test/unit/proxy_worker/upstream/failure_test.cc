#include "proxy_worker/upstream/failure.h"

#include <gtest/gtest.h>

#include <string>

#include "test/unit/proxy_worker/parsed_head.h"

namespace aisix::proxy {
namespace {

class StatusFailureTest : public testing::Test {
 protected:
  Failure Of(int status, const std::string& body, const std::string& header_lines = "") {
    head_.emplace(header_lines);
    return StatusFailure(status, head_->headers(), body, reader_);
  }
  json::Reader reader_;
  std::optional<ParsedHead> head_;
};

TEST_F(StatusFailureTest, KeepsClientErrorsWithMessageCodeAndParam) {
  const Failure failure = Of(
      429, R"({"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded","param":"n"}})",
      "retry-after: 7\r\n");
  EXPECT_EQ(failure.error.status, 429);
  EXPECT_EQ(failure.error.type, "upstream_error");
  EXPECT_EQ(failure.error.message, "slow down");
  EXPECT_EQ(failure.error.code, "rate_limit_exceeded");
  EXPECT_EQ(failure.error.param, "n");
  EXPECT_EQ(failure.error.retry_after, 7u);
  EXPECT_EQ(failure.error.error_class, usage::ErrorClass::kUpstreamStatus);
  EXPECT_FALSE(failure.retryable);
}

TEST_F(StatusFailureTest, HidesWhatServersSay) {
  const Failure failure =
      Of(503, R"({"error":{"message":"pod 7 of cluster x","code":"c"}})", "retry-after: 3\r\n");
  EXPECT_EQ(failure.error.status, 502);
  EXPECT_EQ(failure.error.message, "upstream returned 503");
  EXPECT_EQ(failure.error.code, "");
  EXPECT_FALSE(failure.error.retry_after) << "only a 429 tells the caller when to come back";
  EXPECT_EQ(failure.retry_after, 3u);
  EXPECT_TRUE(failure.retryable);
}

TEST_F(StatusFailureTest, ShowsTheTextOfOtherBodies) {
  EXPECT_EQ(Of(400, R"({"error":{"message":"x","code":400}})").error.message,
            R"({"error":{"message":"x","code":400}})");
  EXPECT_EQ(Of(404, "<html>no</html>").error.message, "<html>no</html>");
  EXPECT_EQ(Of(404, std::string(3000, 'x')).error.message, std::string(1024, 'x') + "\xE2\x80\xA6");
  EXPECT_EQ(Of(404, "").error.message, "upstream returned 404");
}

TEST_F(StatusFailureTest, RedirectsAreUpstreamErrors) {
  const Failure failure = Of(302, "moved", "location: http://169.254.169.254/\r\n");
  EXPECT_EQ(failure.error.status, 502);
  EXPECT_EQ(failure.error.message, "moved");
  EXPECT_TRUE(failure.retryable);
}

TEST_F(StatusFailureTest, RetryAfterIsANumberOfSeconds) {
  EXPECT_FALSE(Of(429, "", "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n").error.retry_after);
  EXPECT_FALSE(Of(429, "", "retry-after: -1\r\n").error.retry_after);
  EXPECT_FALSE(Of(429, "", "retry-after: 1.5\r\n").error.retry_after);
  EXPECT_EQ(Of(429, "", "Retry-After: 0\r\n").error.retry_after, 0u);
}

TEST(InBand, TakesTheEmbeddedStatus) {
  openai_chat::ProviderError error;
  error.message = "limit";
  error.code = "c";
  error.status = 429;
  EXPECT_EQ(InBandFailure(error).error.status, 429);
  EXPECT_EQ(InBandFailure(error).error.message, "limit");
  EXPECT_EQ(InBandFailure(error).error.type, "upstream_error");
  EXPECT_FALSE(InBandFailure(error).retryable);
  error.status = 529;
  EXPECT_EQ(InBandFailure(error).error.status, 502);
  EXPECT_EQ(InBandFailure(error).error.message, "upstream returned 529");
  EXPECT_TRUE(InBandFailure(error).retryable);
  error.status.reset();
  EXPECT_EQ(InBandFailure(error).error.message, "upstream returned 502");
  EXPECT_EQ(InBandFailure(error).error.error_class, usage::ErrorClass::kUpstreamInBand);

  EXPECT_EQ(InBandFrameError(error).type, "upstream_in_band_error");
  EXPECT_EQ(InBandFrameError(error).message, "upstream reported an in-band stream error: limit");
}

TEST(ExchangeFailureTest, NamesThePhaseAndHidesCredentials) {
  const Failure failure = ExchangeFailure(http::ErrorKind::kConnect, "connection refused", "sending request",
                                          "http://h/v1?api_key=s3cret&x=1", 9);
  EXPECT_EQ(failure.error.status, 502);
  EXPECT_EQ(failure.error.type, "transport_error");
  EXPECT_EQ(failure.error.message,
            "transport error: error sending request for url (http://h/v1?api_key=REDACTED&x=1): connection "
            "refused");
  EXPECT_TRUE(failure.retryable);
  EXPECT_FALSE(failure.timeout);
}

TEST(ExchangeFailureTest, TellsDeadlinesFromConnectTimeouts) {
  const Failure deadline = ExchangeFailure(http::ErrorKind::kDeadline, "m", "p", "u", 1234);
  EXPECT_EQ(deadline.error.status, 504);
  EXPECT_EQ(deadline.error.message, "upstream request timed out after 1234ms");
  EXPECT_TRUE(deadline.timeout);
  const Failure connect = ExchangeFailure(http::ErrorKind::kConnectTimeout, "m", "p", "u", 1234);
  EXPECT_EQ(connect.error.type, "transport_error");
  EXPECT_FALSE(connect.timeout);
  EXPECT_EQ(ExchangeFailure(http::ErrorKind::kDecode, "m", "p", "u", 1).error.type, "upstream_decode_error");
}

}  // namespace
}  // namespace aisix::proxy
