#include "admin_worker/source/etcd/client/error_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::admin::etcd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

const Endpoint kPlain{{"etcd", 2379}, false};

TEST(ErrorText, BrokenConnections) {
  struct Case {
    absl::Status call;
    bool answered;
    const char* text;
  };
  const Case cases[] = {
      {absl::DeadlineExceededError("Deadline Exceeded"), false, "http://etcd:2379: no answer in time"},
      {absl::UnavailableError("Socket closed"), false, "expects TLS (set etcd.tls)"},
      {absl::UnimplementedError(""), false, "what answers there is no etcd"},
      {absl::UnavailableError("Trying to connect an http1.x server"), false, "what answers there is no etcd"},
      {absl::UnavailableError("etcdserver: no leader"), true, "http://etcd:2379: etcdserver: no leader"},
  };
  for (const Case& one : cases)
    EXPECT_THAT(Message(BrokenConnection(kPlain, one.call, absl::OkStatus(), one.answered, nullptr)),
                HasSubstr(one.text));
  // One that had worked needs no advice.
  EXPECT_THAT(Message(BrokenConnection(kPlain, absl::UnavailableError("Socket closed"), absl::OkStatus(),
                                       true, nullptr)),
              Not(HasSubstr("etcd.tls")));
}

TEST(ErrorText, WhatIsWorthAnotherEndpoint) {
  for (const auto code : {absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded,
                          absl::StatusCode::kCancelled, absl::StatusCode::kUnimplemented})
    EXPECT_TRUE(IsConnectionFault(absl::Status(code, "")));
  for (const auto code : {absl::StatusCode::kPermissionDenied, absl::StatusCode::kInvalidArgument,
                          absl::StatusCode::kOutOfRange, absl::StatusCode::kUnauthenticated,
                          absl::StatusCode::kResourceExhausted, absl::StatusCode::kOk})
    EXPECT_FALSE(IsConnectionFault(absl::Status(code, "")));
}

TEST(ErrorText, WordsOfEtcd) {
  EXPECT_TRUE(IsTokenFault(absl::UnauthenticatedError("etcdserver: invalid auth token")));
  EXPECT_TRUE(IsTokenFault(absl::InvalidArgumentError("etcdserver: revision of auth store is old")));
  EXPECT_TRUE(IsCompacted(absl::OutOfRangeError("etcdserver: mvcc: required revision has been compacted")));
  EXPECT_FALSE(IsCompacted(absl::OutOfRangeError("etcdserver: mvcc: required rev is a future revision")));
  EXPECT_TRUE(
      IsAuthenticationOff(absl::FailedPreconditionError("etcdserver: authentication is not enabled")));
}

}  // namespace
}  // namespace aisix::admin::etcd
