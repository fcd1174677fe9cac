// Opens streamed chat completions and prints, as JSON, how long their first events and the gaps between their
// events took. One thread; its own CPU time is printed too, so that one sees whether it was the bottleneck.
#include <arpa/inet.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "bench/stream_client/client.h"

namespace {

constexpr char kUsage[] =
    "usage: aisix-stream-client --port N --body FILE [--key KEY] [--streams 1] [--milliseconds 1000]\n"
    "                           [--ramp-ms 0] [--stall-ms 1000]\n"
    "POSTs FILE to http://127.0.0.1:N/v1/chat/completions, again and again for so many milliseconds, on as "
    "many\n"
    "connections as streams. Times are in microseconds; a stall is a gap of more than --stall-ms.\n";

int Fail(const std::string& text) {
  std::fprintf(stderr, "aisix-stream-client: %s\n", text.c_str());
  return 2;
}

// `"name": {"p50": …}`, of times in tenths of microseconds.
void PrintTimes(const char* name, std::vector<uint32_t>& times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    if (times.empty()) return 0.0;
    const auto last = static_cast<double>(times.size() - 1);
    return times[static_cast<size_t>(share * last + 0.5)] / 10.0;
  };
  std::printf("\"%s\": {\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}, ", name, at(0.5), at(0.99), at(1));
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> given{{"--streams", "1"}, {"--milliseconds", "1000"},
                                           {"--ramp-ms", "0"}, {"--stall-ms", "1000"},
                                           {"--port", ""},     {"--body", ""},
                                           {"--key", ""}};
  for (int i = 1; i < argc; i += 2) {
    const auto option = given.find(argv[i]);
    if (option == given.end() || i + 1 == argc) {
      std::fputs(kUsage, stderr);
      return 2;
    }
    option->second = argv[i + 1];
  }
  const auto number = [&](const char* name) { return std::atoll(given[name].c_str()); };

  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }

  std::ifstream file(given["--body"], std::ios::binary);
  if (!file) return Fail("cannot read the body: " + given["--body"]);
  const std::string body{std::istreambuf_iterator<char>(file), {}};

  aisix::stream_client::Options options;
  options.address.sin_family = AF_INET;
  options.address.sin_port = htons(static_cast<uint16_t>(number("--port")));
  options.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  options.request =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Authorization: Bearer " +
      given["--key"] + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  options.streams = static_cast<size_t>(std::max(1LL, number("--streams")));
  options.milliseconds = number("--milliseconds");
  options.ramp_ms = number("--ramp-ms");

  aisix::stream_client::Result result;
  aisix::stream_client::Client client(std::move(options));
  if (!client.Run(result)) return Fail(std::strerror(errno));
  const auto stalled = std::count_if(result.gaps.begin(), result.gaps.end(),
                                     [&](uint32_t gap) { return gap > number("--stall-ms") * 10'000; });
  std::printf("{");
  PrintTimes("first_us", result.first);
  PrintTimes("gap_us", result.gaps);
  std::printf(
      "\"streams\": %llu, \"failed\": %llu, \"stalled\": %lld, \"events\": %llu, \"seconds\": %.3f, "
      "\"cpu_seconds\": %.3f}\n",
      static_cast<unsigned long long>(result.streams), static_cast<unsigned long long>(result.failed),
      static_cast<long long>(stalled), static_cast<unsigned long long>(result.events), result.seconds,
      result.cpu_seconds);
  return 0;
}
