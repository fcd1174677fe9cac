#include "lib/log/logger.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "lib/os/unique_fd.h"

namespace aisix::log {
namespace {

struct Pipe {
  os::UniqueFd reader;
  os::UniqueFd writer;

  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
};

// Everything until the last writer closes.
std::string ReadToEnd(int fd) {
  std::string text;
  char buffer[65536];
  ssize_t count;
  while ((count = ::read(fd, buffer, sizeof(buffer))) > 0) text.append(buffer, static_cast<size_t>(count));
  return text;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

Filter Info() {
  return *Filter::Parse("info");
}

TEST(Logger, WritesZoneAndPidLast) {
  Pipe pipe;
  {
    Logger logger("proxy", Info(), pipe.writer.get());
    logger.Write(Level::kInfo, "aisix", "hello", {{"a", int64_t{1}}});
    logger.Write(Level::kDebug, "aisix", "not this");
  }
  pipe.writer.reset();
  const std::vector<std::string> lines = Lines(ReadToEnd(pipe.reader.get()));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].ends_with(fmt::format(" INFO aisix: hello a=1 zone=proxy pid={}", ::getpid())))
      << lines[0];
}

TEST(Logger, ThreadsDoNotMixTheirLines) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  Pipe pipe;
  std::string text;
  std::thread reader([&] { text = ReadToEnd(pipe.reader.get()); });
  {
    Logger logger("proxy", Info(), pipe.writer.get());
    logger.StartWriter();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&logger, t] {
        const std::string filler(static_cast<size_t>(t) * 37, 'x');
        for (int i = 0; i < kLines; ++i) {
          logger.Write(Level::kInfo, "aisix", "line",
                       {{"n", int64_t{t * kLines + i}}, {"filler", std::string_view(filler)}});
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(logger.dropped(), 0u);
  }
  pipe.writer.reset();
  reader.join();
  std::vector<bool> seen(kThreads * kLines);
  for (const std::string& line : Lines(text)) {
    const size_t at = line.find("aisix: line n=");
    ASSERT_NE(at, std::string::npos) << line;
    ASSERT_TRUE(line.ends_with(fmt::format("zone=proxy pid={}", ::getpid()))) << line;
    seen[std::stoul(line.substr(at + 14))] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), kThreads * kLines);
}

// The sum of all counts in reports of dropped lines.
uint64_t ReportedDrops(const std::string& text) {
  static constexpr std::string_view kReport = "WARN aisix_obs::log: log lines dropped count=";
  uint64_t sum = 0;
  for (size_t at = text.find(kReport); at != std::string::npos; at = text.find(kReport, at + 1)) {
    sum += std::stoul(text.substr(at + kReport.size()));
  }
  return sum;
}

TEST(Logger, DropsWithACountWhenNobodyReads) {
  Pipe pipe;
  std::string text;
  std::thread reader;
  uint64_t dropped = 0;
  {
    Logger logger("proxy", Info(), pipe.writer.get());
    logger.StartWriter();
    const std::string filler(1000, 'x');
    // Nobody reads: the pipe and then the queue fill up. The writing thread never waits.
    while (logger.dropped() < 10) logger.Write(Level::kInfo, "aisix", filler);
    dropped = logger.dropped();
    reader = std::thread([&] { text = ReadToEnd(pipe.reader.get()); });
  }
  pipe.writer.reset();
  reader.join();
  EXPECT_EQ(ReportedDrops(text), dropped);
}

TEST(Logger, WithoutAThreadAStalledReaderHoldsNobodyUp) {
  Pipe pipe;
  Logger logger("supervisor", Info(), pipe.writer.get());
  const std::string filler(3000, 'x');
  while (logger.dropped() == 0) logger.Write(Level::kInfo, "aisix", filler);
  std::vector<char> buffer(1 << 20);
  ASSERT_GT(::read(pipe.reader.get(), buffer.data(), buffer.size()), 0);
  logger.Write(Level::kInfo, "aisix", "after");
  const ssize_t count = ::read(pipe.reader.get(), buffer.data(), buffer.size());
  ASSERT_GT(count, 0);
  const std::string_view text(buffer.data(), static_cast<size_t>(count));
  EXPECT_NE(text.find("log lines dropped count=1 zone=supervisor"), std::string_view::npos);
  EXPECT_NE(text.find("aisix: after"), std::string_view::npos);
}

}  // namespace
}  // namespace aisix::log
