#include "proxy_worker/pipeline/error.h"

#include <gtest/gtest.h>

namespace aisix::proxy {
namespace {

TEST(Error, OpenAiEnvelopeOmitsAbsentMembers) {
  EXPECT_EQ(RenderOpenAi(UnknownKey()),
            R"({"error":{"message":"invalid API key","type":"invalid_api_key"}})");
  EXPECT_EQ(
      RenderOpenAi(ExpiredKey()),
      R"({"error":{"message":"API key has expired","type":"invalid_api_key","code":"api_key_expired"}})");
  Error error = InvalidRequest("x");
  error.param = "messages";
  error.code = "c";
  EXPECT_EQ(
      RenderOpenAi(error),
      R"({"error":{"message":"request payload is invalid: x","type":"invalid_request_error","param":"messages","code":"c"}})");
}

TEST(Error, BodyLimitAndTombstoneAreVerbatim) {
  EXPECT_EQ(
      RenderOpenAi(BodyTooLarge(1048576)),
      R"({"error":{"message":"request body exceeds 1048576-byte limit","type":"invalid_request_error"}})");
  const std::string tombstone =
      R"({"error":{"message":"the implicit /passthrough/:provider tunnel has been removed; configure an )"
      R"(explicit passthrough_route resource for this path (see the provider passthrough documentation for )"
      R"json(the migration)","type":"invalid_request_error","code":"endpoint_removed"}})json";
  EXPECT_EQ(RenderOpenAi(EndpointRemoved()), tombstone);
  EXPECT_EQ(EndpointRemoved().status, 410);
}

TEST(Error, AnthropicTypeFollowsTheStatusOnly) {
  EXPECT_EQ(
      RenderAnthropic(BodyTooLarge(5)),
      R"({"type":"error","error":{"type":"request_too_large","message":"request body exceeds 5-byte limit"}})");
  EXPECT_EQ(RenderAnthropic(ExpiredKey()),
            R"({"type":"error","error":{"type":"authentication_error","message":"API key has expired"}})");
  EXPECT_NE(RenderAnthropic(NoAdapter()).find("overloaded_error"), std::string::npos);
  EXPECT_NE(RenderAnthropic(UpstreamTimeout(5)).find("api_error"), std::string::npos);
}

struct Expected {
  Error error;
  int status;
  const char* type;
  const char* message;
};

TEST(Error, TextsOfTheGatewaysOwnErrors) {
  const Expected table[] = {
      {MissingCredential(), 401, "invalid_api_key", "missing or malformed Authorization header"},
      {DisabledKey(), 401, "invalid_api_key", "API key has been disabled"},
      {ModelNotFound("gpt-x"), 404, "model_not_found", "model \"gpt-x\" not found"},
      {ModelNotAllowed("m"), 403, "permission_denied", "API key is not allowed to use model \"m\""},
      {ClientAddressNotAllowed(), 403, "permission_denied",
       "Access denied: your client IP is not allowed to access this model"},
      {InvalidJson(), 400, "invalid_request_error", "request payload is invalid: invalid JSON request body"},
      {NoAdapter(), 503, "provider_unavailable", "no bridge registered for provider"},
      {NotSupportedByProvider("embeddings"), 501, "not_implemented",
       "this provider does not support embeddings"},
      {UpstreamTimeout(5000), 504, "timeout", "upstream request timed out after 5000ms"},
      {UpstreamTransport("x"), 502, "transport_error", "transport error: x"},
      {UpstreamDecode("y"), 502, "upstream_decode_error", "upstream returned an unparseable body: y"},
      {UpstreamAborted(), 502, "stream_aborted", "upstream cancelled the response mid-stream"},
      {UpstreamServerError(503), 502, "upstream_error", "upstream returned 503"},
      {ConfigFault("z"), 500, "config_error", "bridge is misconfigured: z"},
      {InvalidUpstreamConfiguration("a"), 400, "invalid_request_error", "invalid upstream configuration: a"},
      {InvalidUpstreamCredentials("b"), 401, "authentication_error", "invalid upstream credentials: b"},
  };
  for (const Expected& expected : table) {
    EXPECT_EQ(expected.error.status, expected.status) << expected.message;
    EXPECT_EQ(expected.error.type, expected.type) << expected.message;
    EXPECT_EQ(expected.error.message, expected.message);
  }
}

TEST(Error, CallersTextIsQuoted) {
  EXPECT_EQ(DebugQuoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(DebugQuoted(std::string_view("\n\r\t\0\x01\x7f", 6)), R"("\n\r\t\0\u{1}\u{7f}")");
  EXPECT_EQ(DebugQuoted("\xc2\x85"), R"("\u{85}")");
  EXPECT_EQ(DebugQuoted("模型"), "\"模型\"");
  // Quoted once for the message and once more for JSON.
  EXPECT_EQ(RenderOpenAi(ModelNotFound("a\"b")),
            R"({"error":{"message":"model \"a\\\"b\" not found","type":"model_not_found"}})");
}

TEST(Error, UpstreamFailuresCarryTheirClass) {
  EXPECT_EQ(UpstreamTimeout(1).error_class, usage::ErrorClass::kTimeout);
  EXPECT_EQ(UpstreamTransport("").error_class, usage::ErrorClass::kTransport);
  EXPECT_EQ(UnknownKey().error_class, usage::ErrorClass::kNone);
}

}  // namespace
}  // namespace aisix::proxy
