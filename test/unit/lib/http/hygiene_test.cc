// Requests that a gateway and its neighbours could read differently, sent whole and byte by byte.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support.h"

namespace aisix::http {
namespace {

struct Case {
  const char* name;
  std::string request;
  int status;  // of the first answer
};

std::string Get(std::string_view lines) {
  return "GET /hello HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}
std::string Post(std::string_view lines, std::string_view body = "") {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

std::vector<Case> Cases() {
  const std::string nul(1, '\0');
  return {
      {"plain", Get(""), 200},
      {"lower_case_names", "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n", 200},
      {"empty_line_before", "\r\n" + Get(""), 200},
      {"blanks_around_a_value", Get("X-A: \t v \t\r\n"), 200},
      {"empty_value", Get("X-A:\r\nX-B: \r\n"), 200},
      {"no_blank_behind_colon", Get("X-A:v\r\n"), 200},
      {"high_bytes_in_value", Get("X-A: \xc3\xa9\r\n"), 200},
      {"body", Post("Content-Length: 2\r\n", "{}"), 200},
      {"chunked", Post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), 200},
      {"chunked_any_case", Post("transfer-encoding: Chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), 200},
      {"http_1_0", "GET /hello HTTP/1.0\r\n\r\n", 200},
      {"absolute_form", "GET http://a/hello?x HTTP/1.1\r\nHost: a\r\n\r\n", 200},
      {"upgrade_is_an_ordinary_request", Get("Connection: Upgrade\r\nUpgrade: websocket\r\n"), 200},
      {"h2c_upgrade", Get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"),
       200},
      {"asterisk_options", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404},

      {"no_host", "GET /hello HTTP/1.1\r\n\r\n", 400},
      {"two_hosts", Get("Host: a\r\n"), 400},
      {"two_hosts_1_0", "GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"host_with_path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"host_with_user", "GET /hello HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"host_list", "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"absolute_form_other_host", "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"absolute_form_other_scheme", "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"absolute_form_user", "GET http://u@a/hello HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"two_lengths", Post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400},
      {"two_equal_lengths", Post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), 400},
      {"length_list", Post("Content-Length: 2, 2\r\n", "{}"), 400},
      {"negative_length", Post("Content-Length: -2\r\n", "{}"), 400},
      {"signed_length", Post("Content-Length: +2\r\n", "{}"), 400},
      {"hexadecimal_length", Post("Content-Length: 0x2\r\n", "{}"), 400},
      {"length_with_blank", Post("Content-Length: 2 2\r\n", "{}"), 400},
      {"empty_length", Post("Content-Length:\r\n"), 400},
      {"overflowing_length", Post("Content-Length: 18446744073709551618\r\n", "{}"), 400},
      {"huge_length", Post("Content-Length: 9223372036854775807\r\n", "{}"), 400},
      {"length_and_chunked", Post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"chunked_and_length", Post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "0\r\n\r\n"), 400},
      {"other_coding", Post("Transfer-Encoding: gzip\r\n"), 400},
      {"coding_list", Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
      {"chunked_twice_in_one", Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {"chunked_not_last", Post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 400},
      {"two_codings", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"vertical_tab_in_coding", Post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), 400},
      {"quoted_coding", Post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {"empty_coding", Post("Transfer-Encoding:\r\n"), 400},
      {"chunked_1_0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"blank_before_colon", Get("X-A : v\r\n"), 400},
      {"tab_before_colon", Get("X-A\t: v\r\n"), 400},
      {"blank_before_length_colon", Post("Content-Length : 2\r\n", "{}"), 400},
      {"blank_in_name", Get("X A: v\r\n"), 400},
      {"no_name", Get(": v\r\n"), 400},
      {"no_colon", Get("X-A\r\n"), 400},
      {"fold", Get("X-A: v\r\n w\r\n"), 400},
      {"fold_tab", Get("X-A: v\r\n\tw\r\n"), 400},
      {"fold_of_empty_value", Get("X-A:\r\n w\r\n"), 400},
      {"fold_hides_coding", Post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
      {"first_line_folded", "GET /hello HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n", 400},
      {"bare_lf_in_head", "GET /hello HTTP/1.1\nHost: a\n\n", 400},
      {"bare_lf_behind_header", "GET /hello HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
      {"bare_lf_at_end", "GET /hello HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"bare_cr_in_value", Get("X-A: a\rb\r\n"), 400},
      {"bare_cr_as_end", Get("X-A: a\rX-B: b\r\n"), 400},
      {"bare_lf_before_request", "\n" + Get(""), 400},
      {"nul_in_value", Get("X-A: a" + nul + "b\r\n"), 400},
      {"nul_in_name", Get("X" + nul + "A: b\r\n"), 400},
      {"nul_in_target", "GET /hel" + nul + "lo HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"control_in_value",
       Get("X-A: a\x01"
           "b\r\n"),
       400},
      {"delete_in_value",
       Get("X-A: a\x7f"
           "b\r\n"),
       400},
      {"blank_in_target", "GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"two_blanks_before_target", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"two_blanks_behind_target", "GET /hello  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"tab_in_request_line", "GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"fragment", "GET /hello#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"high_byte_in_target", "GET /h\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"no_slash", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"asterisk_get", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"no_target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"unknown_method", "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"lower_case_method", "get /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"garbage", "\x16\x03\x01\x02\x01 garbage\r\n\r\n", 400},
      {"blank_behind_version", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n", 505},
      {"lower_case_protocol", "GET /hello http/1.1\r\nHost: a\r\n\r\n", 400},
      {"connect", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405},
      {"h2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"http_2_0", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"http_1_2", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"large_head", Get("X-A: " + std::string(70'000, 'a') + "\r\n"), 431},
      {"large_target", "GET /" + std::string(70'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
      {"broken_chunk", Post("Transfer-Encoding: chunked\r\n", "zz\r\n"), 400},
      {"chunk_longer_than_said", Post("Transfer-Encoding: chunked\r\n", "1\r\n{}\r\n0\r\n\r\n"), 400},
  };
}

class Hygiene : public testing::Test {
 protected:
  Hygiene() {
    server_.routes().Add("/hello", Hello);
    server_.routes().Add("/echo", Echo);
  }
  TestServer server_;
};

TEST_F(Hygiene, EveryRequestIsAnsweredAsItShould) {
  for (const Case& entry : Cases()) {
    Peer peer = Peer::Connect(server_.port());
    peer.Send(entry.request);
    const std::string answer = peer.Response();
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + std::to_string(entry.status)) << entry.name << "\n"
                                                                                << answer;
    if (entry.status >= 400 && entry.status != 404) {
      EXPECT_NE(answer.find("connection: close\r\n"), std::string::npos) << entry.name;
      // Nothing behind a refused request is taken for another one.
      peer.Send(Get(""));
      peer.ShutdownWrite();
      EXPECT_EQ(peer.UntilClosed(), "") << entry.name;
      EXPECT_FALSE(peer.reset()) << entry.name;
    }
  }
}

TEST_F(Hygiene, TheSameByteByByte) {
  for (const Case& entry : Cases()) {
    if (entry.request.size() > 1000) continue;
    Peer peer = Peer::Connect(server_.port());
    for (char c : entry.request) peer.Send({&c, 1});
    const std::string answer = peer.Response();
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + std::to_string(entry.status)) << entry.name << "\n"
                                                                                << answer;
  }
}

TEST_F(Hygiene, TheHookSeesWhatWasReadAndItsAnswerIsSent) {
  Peer peer = Peer::Connect(server_.port());
  peer.Send(
      "POST /v1/messages?x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX-Id: 7 \r\nContent-Length: "
      "1\r\n\r\n");
  const std::string answer = peer.UntilClosed();
  EXPECT_NE(
      answer.find("x-path: /v1/messages\r\nx-method: POST\r\nx-read: Host=a\r\nx-read: Content-Length=1\r\n"
                  "x-read: X-Id=7\r\n"),
      std::string::npos)
      << answer;
  EXPECT_NE(answer.find("\r\n\r\nrefused: more than one Content-Length\n"), std::string::npos) << answer;
}

TEST_F(Hygiene, TheHookSeesNothingOfALineThatIsCutOff) {
  Peer peer = Peer::Connect(server_.port());
  peer.Send("GET /a HTTP/1.1\r\nHost: a\r\nX-Id: 7\x01");
  const std::string answer = peer.UntilClosed();
  EXPECT_NE(answer.find("x-path: /a\r\nx-method: GET\r\nx-read: Host=a\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("X-Id"), std::string::npos) << answer;
}

TEST_F(Hygiene, TheHookSeesNothingOfABrokenRequestLine) {
  Peer peer = Peer::Connect(server_.port());
  peer.Send("BREW /a HTTP/1.1\r\n\r\n");
  EXPECT_NE(peer.UntilClosed().find("x-path: \r\nx-method: \r\n"), std::string::npos);
}

TEST_F(Hygiene, HeaderCountIsBounded) {
  for (int count : {126, 127, 128}) {  // beside Host
    std::string lines;
    for (int i = 0; i < count; ++i) lines += "X-" + std::to_string(i) + ": v\r\n";
    Peer peer = Peer::Connect(server_.port());
    peer.Send(Get(lines));
    EXPECT_EQ(peer.Response().substr(9, 3), count <= 127 ? "200" : "431") << count;
  }
}

TEST_F(Hygiene, AHeadOfNearly64KilobytesPasses) {
  Peer peer = Peer::Connect(server_.port());
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "X-" + std::to_string(i) + ": " + std::string(1000, 'v') + "\r\n";
  peer.Send(Get(lines));
  EXPECT_EQ(peer.Response().substr(9, 3), "200");
  // And the connection goes on.
  peer.Send(Get(""));
  EXPECT_EQ(peer.Response().substr(9, 3), "200");
}

}  // namespace
}  // namespace aisix::http
