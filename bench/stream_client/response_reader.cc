#include "bench/stream_client/response_reader.h"

#include <algorithm>
#include <charconv>

namespace aisix::stream_client {
namespace {

constexpr std::string_view kDone = "[DONE]\n\n";

bool ContainsIgnoringCase(std::string_view text, std::string_view wanted) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
}

}  // namespace

void ResponseReader::Start() {
  step_ = Step::kHead;
  line_.clear();
  tail_.clear();
  done_ = false;
}

bool ResponseReader::TakeHead() {
  return line_.starts_with("HTTP/1.1 200") && ContainsIgnoringCase(line_, "\r\ntransfer-encoding: chunked");
}

size_t ResponseReader::CountEvents(std::string_view body) {
  size_t count = !tail_.empty() && tail_.back() == '\n' && !body.empty() && body.front() == '\n' ? 1 : 0;
  for (size_t at = 0; (at = body.find("\n\n", at)) != std::string_view::npos; at += 2) ++count;
  tail_ += body.substr(body.size() - std::min(body.size(), kDone.size()));
  if (tail_.size() > kDone.size()) tail_.erase(0, tail_.size() - kDone.size());
  done_ = tail_ == kDone;
  return count;
}

ResponseReader::State ResponseReader::Feed(std::string_view data, size_t& events) {
  events = 0;
  while (!data.empty()) {
    if (step_ == Step::kData) {
      const std::string_view body = data.substr(0, missing_);
      events += CountEvents(body);
      data.remove_prefix(body.size());
      missing_ -= body.size();
      if (missing_ == 0) step_ = Step::kDataEnd;
      continue;
    }
    const size_t line_end = data.find('\n');
    if (line_end == std::string_view::npos) {
      line_ += data;
      return line_.size() > 16384 ? State::kFailed : State::kOpen;
    }
    line_ += data.substr(0, line_end + 1);
    data.remove_prefix(line_end + 1);
    switch (step_) {
      case Step::kHead:
        if (!line_.ends_with("\r\n\r\n")) continue;
        if (!TakeHead()) return State::kFailed;
        step_ = Step::kSize;
        break;
      case Step::kSize: {
        const auto [end, error] = std::from_chars(line_.data(), line_.data() + line_.size(), missing_, 16);
        if (error != std::errc() || end == line_.data()) return State::kFailed;
        step_ = missing_ == 0 ? Step::kTrailer : Step::kData;
        break;
      }
      case Step::kDataEnd:
        if (line_ != "\r\n") return State::kFailed;
        step_ = Step::kSize;
        break;
      case Step::kTrailer:
        if (line_ == "\r\n") return data.empty() ? State::kEnd : State::kFailed;
        break;
      case Step::kData:
        break;
    }
    line_.clear();
  }
  return State::kOpen;
}

}  // namespace aisix::stream_client
