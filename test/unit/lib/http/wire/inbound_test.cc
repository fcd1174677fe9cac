// What is left of a caller's credential in the memory that an Inbound gives back.
#include "lib/http/wire/inbound.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace aisix::http {
namespace {

constexpr std::string_view kKey = "sk-5f0c2e7d91";
const std::string kHead =
    "GET /a HTTP/1.1\r\nHost: a\r\nX-Id: 7\r\nauthorization: Bearer " + std::string(kKey) + "\r\n";

class InboundCredentials : public testing::Test {
 protected:
  void Receive(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> space = in_->ReadSpace();
      const size_t part = std::min(space.size(), bytes.size());
      std::memcpy(space.data(), bytes.data(), part);
      in_->OnRead(part);
      bytes.remove_prefix(part);
    }
  }

  // In the free blocks of the sizes that heads have.
  bool IsLeftBehind() {
    bool found = false;
    std::vector<async::Buffer> blocks;
    for (const size_t size : {16 * 1024, 32 * 1024, 64 * 1024, 128 * 1024}) {
      for (size_t free = loop_.buffers().free_bytes();; free = loop_.buffers().free_bytes()) {
        async::Buffer block = loop_.buffers().Take(size);
        if (loop_.buffers().free_bytes() == free) break;  // a new one
        found =
            found || std::string_view(block.data(), block.capacity()).find(kKey) != std::string_view::npos;
        blocks.push_back(std::move(block));
      }
    }
    EXPECT_FALSE(blocks.empty()) << "nothing was given back";
    return found;
  }

  async::Loop loop_;
  const HeadLimits limits_;
  std::optional<Inbound> in_{std::in_place, loop_, HeadParser::Type::kRequest, limits_};
};

TEST_F(InboundCredentials, ARequestThatIsNotOverYetForgetsThemWhenAsked) {
  Receive(kHead + "x-api-key: " + std::string(kKey) + "\r\n\r\n");
  const Headers& headers = in_->parser().request().headers;
  ASSERT_EQ(headers.Find("authorization"), "Bearer " + std::string(kKey));
  in_->WipeCredentials();
  EXPECT_EQ(headers.Find("authorization"), std::string(7 + kKey.size(), '\0'));
  EXPECT_EQ(headers.Find("x-api-key"), std::string(kKey.size(), '\0'));
  EXPECT_EQ(headers.Find("x-id"), "7");
}

TEST_F(InboundCredentials, TheNextMessageKnowsNothingOfTheLast) {
  Receive(kHead + "\r\n");
  in_->NextMessage();
  EXPECT_FALSE(IsLeftBehind());
}

TEST_F(InboundCredentials, AReleasedHeadIsWiped) {
  Receive(kHead + "\r\n");
  in_->ReleaseHead();
  EXPECT_FALSE(IsLeftBehind());
}

TEST_F(InboundCredentials, WhatCameBehindAMessageIsWipedWhereItLay) {
  Receive(kHead + "content-length: 2\r\n\r\n{}" + kHead + "\r\n");
  ASSERT_TRUE(in_->has_next());
  in_->NextMessage();
  EXPECT_EQ(in_->parser().request().headers.Find("authorization"), "Bearer " + std::string(kKey));
  in_->NextMessage();
  EXPECT_FALSE(IsLeftBehind());
}

TEST_F(InboundCredentials, AHeadThatMovesToALargerBufferIsWipedInTheSmallerOne) {
  Receive(kHead + "x-padding: " + std::string(40'000, 'x') + "\r\n\r\n");
  ASSERT_TRUE(in_->complete());
  EXPECT_FALSE(IsLeftBehind());
}

TEST_F(InboundCredentials, AnUnfinishedHeadIsWipedWithItsConnection) {
  Receive(kHead);
  in_.reset();
  EXPECT_FALSE(IsLeftBehind());
}

TEST_F(InboundCredentials, AMalformedHeadIsWipedWithItsConnection) {
  Receive(kHead + "x y: z\r\n\r\n");
  ASSERT_TRUE(in_->failed());
  in_.reset();
  EXPECT_FALSE(IsLeftBehind());
}

TEST_F(InboundCredentials, WhatIsDroppedIsWiped) {
  Receive(kHead + "x y: z\r\n\r\n");
  Receive(kHead + "\r\n");
  in_.reset();
  EXPECT_FALSE(IsLeftBehind());
}

}  // namespace
}  // namespace aisix::http
