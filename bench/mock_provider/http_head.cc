#include "bench/mock_provider/http_head.h"

#include <strings.h>

namespace aisix::mock {
namespace {

std::string_view Reason(int64_t status) {
  switch (status) {
    case 200:
      return "OK";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

std::string_view Request::Find(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name.size() == lower_case_name.size() &&
        strncasecmp(name.data(), lower_case_name.data(), name.size()) == 0) {
      return value;
    }
  }
  return {};
}

void Request::Clear() {
  method.clear();
  target.clear();
  headers.clear();
  body.clear();
  keep_alive = true;
}

void AppendHead(std::string& out, const HeadOptions& options, const Behaviour& behaviour) {
  out += "HTTP/1.1 ";
  out += std::to_string(options.status);
  out += ' ';
  out += Reason(options.status);
  out += "\r\nContent-Type: ";
  out += behaviour.content_type.empty() ? options.content_type : std::string_view(behaviour.content_type);
  // A provider's own headers, which a gateway must not relay on typed endpoints.
  out += "\r\nServer: mock-provider\r\nx-request-id: req_mock\r\nopenai-processing-ms: 5\r\n";
  if (!behaviour.retry_after.empty()) {
    out += "Retry-After: ";
    out += behaviour.retry_after;
    out += "\r\n";
  }
  if (!behaviour.header.empty()) {
    out += behaviour.header;
    out += "\r\n";
  }
  if (options.framing == Framing::kLength) {
    out += "Content-Length: ";
    out += std::to_string(options.length);
    out += "\r\n";
  } else if (options.framing == Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (options.close || options.framing == Framing::kUntilClose) out += "Connection: close\r\n";
  out += "\r\n";
}

}  // namespace aisix::mock
