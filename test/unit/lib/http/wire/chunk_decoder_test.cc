#include "lib/http/wire/chunk_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aisix::http {
namespace {

struct Outcome {
  ChunkDecoder::Result result;
  std::string body;
  std::string rest;
};

// Feeds pieces of `step` bytes.
Outcome Decode(std::string_view input, size_t step) {
  ChunkDecoder decoder;
  Outcome outcome{ChunkDecoder::Result::kMore, {}, {}};
  while (!input.empty()) {
    std::string piece(input.substr(0, step));
    input.remove_prefix(piece.size());
    size_t produced = 0;
    size_t consumed = 0;
    outcome.result = decoder.Decode(piece.data(), piece.size(), &produced, &consumed);
    outcome.body += piece.substr(0, produced);
    if (outcome.result != ChunkDecoder::Result::kMore) {
      outcome.rest = piece.substr(consumed) + std::string(input);
      break;
    }
    EXPECT_EQ(consumed, piece.size());
  }
  return outcome;
}

TEST(ChunkDecoder, DecodesInPiecesOfAnySize) {
  const std::string input =
      "5\r\nhello\r\n1;name=\"v\"\r\n \r\nA \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET /";
  for (size_t step = 1; step <= input.size(); ++step) {
    const Outcome outcome = Decode(input, step);
    EXPECT_EQ(outcome.result, ChunkDecoder::Result::kDone) << step;
    EXPECT_EQ(outcome.body, "hello 0123456789") << step;
    EXPECT_EQ(outcome.rest, "GET /") << step;
  }
}

TEST(ChunkDecoder, EmptyBody) {
  EXPECT_EQ(Decode("0\r\n\r\n", 1).result, ChunkDecoder::Result::kDone);
  EXPECT_EQ(Decode("000\r\n\r\n", 1).result, ChunkDecoder::Result::kDone);
}

TEST(ChunkDecoder, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::vector<std::string> bad = {
      "\r\n",
      "g\r\n",
      "-1\r\n",
      "+5\r\nhello\r\n0\r\n\r\n",
      "0x5\r\nhello\r\n",
      "5\nhello\r\n0\r\n\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhelloX\r\n0\r\n\r\n",
      "5\r\nhell\r\n0\r\n\r\n",
      "5 5\r\nhello\r\n",
      " 5\r\nhello\r\n",
      "5;a\nb\r\nhello\r\n",
      "5\rhello\r\n",
      "ffffffffffffffff\r\n",
      "10000000000000000\r\n",
      "0\r\n\n",
      "0\r\n\rX",
      "0\r\n folded\r\n\r\n",
      "0\r\nname: v\n\r\n",
      std::string("0\r\nname: \0\r\n\r\n", 14),
      "5;" + std::string(20'000, 'a') + "\r\nhello\r\n0\r\n\r\n",
      "0\r\nname: " + std::string(20'000, 'a') + "\r\n\r\n",
  };
  for (const std::string& input : bad) {
    EXPECT_EQ(Decode(input, 1).result, ChunkDecoder::Result::kFailed) << input.substr(0, 40);
    EXPECT_EQ(Decode(input, input.size()).result, ChunkDecoder::Result::kFailed) << input.substr(0, 40);
  }
}

}  // namespace
}  // namespace aisix::http
