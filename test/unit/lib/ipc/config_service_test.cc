#include "lib/ipc/config_service.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "lib/ipc/rpc_channel.h"
#include "lib/ipc/rpc_server.h"
#include "lib/os/socket_pair.h"
#include "proto/config.grpc.pb.h"

namespace aisix::ipc {
namespace {

class Recorder : public ConfigReceiver {
 public:
  // Takes what is called "taken…", leaves the others.
  void Prepare(ConfigBatch& batch) override {
    if (batch.prepared == nullptr) batch.prepared = std::make_shared<std::string>();
    auto& taken = *static_cast<std::string*>(batch.prepared.get());
    const std::lock_guard lock(mutex);
    for (const ConfigDocument& document : batch.upserts) {
      prepared.push_back(document.id);
      if (document.id.starts_with("taken")) taken += document.id + " ";
    }
    std::erase_if(batch.upserts,
                  [](const ConfigDocument& document) { return document.id.starts_with("taken"); });
    changed.notify_all();
  }
  void AwaitPrepared(const std::string& id) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return std::find(prepared.begin(), prepared.end(), id) != prepared.end(); });
  }
  std::vector<ConfigRefusal> Apply(ConfigBatch batch) override {
    batches.push_back(std::move(batch));
    return refusals;
  }
  std::vector<ConfigBatch> batches;
  std::vector<ConfigRefusal> refusals;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> prepared;
};

class ConfigServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pair = os::CreateStreamPair();
    ASSERT_TRUE(pair.ok());
    server_.Attach(std::move(pair->first));
    channel_.Replace(std::move(pair->second));
    stub_ = config::Config::NewStub(channel_.Get());
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    stream_ = stub_->Push(&context_);
  }
  // Writes a chunk with documents named by `ids`.
  void Write(uint64_t epoch, bool begin, bool end, std::vector<std::string> ids) {
    config::Chunk chunk;
    chunk.set_epoch(epoch);
    chunk.set_revision(77);
    chunk.set_begin(begin);
    chunk.set_end(end);
    for (const std::string& id : ids) {
      config::Document& document = *chunk.add_upserts();
      document.set_kind("models");
      document.set_id(id);
      document.set_json("{}");
    }
    stream_->Write(chunk);
  }
  config::Applied ReadAnswer() {
    config::Applied applied;
    EXPECT_TRUE(stream_->Read(&applied));
    return applied;
  }

  Recorder recorder_;
  static constexpr size_t kMaxPushBytes = 4096;

  ConfigService service_{recorder_, kMaxPushBytes};
  RpcServer server_{{service_.service()}};
  RpcChannel channel_{"config.proxy"};
  grpc::ClientContext context_;
  std::unique_ptr<config::Config::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<config::Chunk, config::Applied>> stream_;
};

TEST_F(ConfigServiceTest, APushArrivesWhole) {
  recorder_.refusals = {{"models", "b", "bad"}};
  Write(1, true, false, {"a"});
  Write(1, false, false, {"b"});
  Write(1, false, true, {"c"});
  config::Applied applied = ReadAnswer();
  EXPECT_EQ(applied.epoch(), 1u);
  EXPECT_EQ(applied.revision(), 77);
  ASSERT_EQ(applied.refusals_size(), 1);
  EXPECT_EQ(applied.refusals(0).reason(), "bad");
  ASSERT_EQ(recorder_.batches.size(), 1u);
  EXPECT_TRUE(recorder_.batches[0].full);
  ASSERT_EQ(recorder_.batches[0].upserts.size(), 3u);
  EXPECT_EQ(recorder_.batches[0].upserts[2].id, "c");
}

TEST_F(ConfigServiceTest, DeltasFollow) {
  Write(1, true, true, {"a"});
  ReadAnswer();
  Write(1, false, true, {"b"});
  ReadAnswer();
  ASSERT_EQ(recorder_.batches.size(), 2u);
  EXPECT_FALSE(recorder_.batches[1].full);
  ASSERT_EQ(recorder_.batches[1].upserts.size(), 1u);
  EXPECT_EQ(recorder_.batches[1].upserts[0].id, "b");
}

TEST_F(ConfigServiceTest, ANewBeginForgetsAnUnfinishedPush) {
  Write(1, true, false, {"a"});
  Write(2, true, true, {"b"});
  EXPECT_EQ(ReadAnswer().epoch(), 2u);
  ASSERT_EQ(recorder_.batches.size(), 1u);
  ASSERT_EQ(recorder_.batches[0].upserts.size(), 1u);
  EXPECT_EQ(recorder_.batches[0].upserts[0].id, "b");
}

TEST_F(ConfigServiceTest, ADeltaNeedsASynchronisation) {
  Write(1, false, true, {"a"});
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(recorder_.batches.empty());
}

TEST_F(ConfigServiceTest, AnotherEpochEndsTheStream) {
  Write(1, true, true, {"a"});
  ReadAnswer();
  Write(2, false, true, {"b"});
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(recorder_.batches.size(), 1u);
}

TEST_F(ConfigServiceTest, APushHasABound) {
  const std::vector<std::string> some(kMaxPushBytes / 2 / 16, "0123");  // an entry takes 16 bytes
  for (int push = 0; push < 4; ++push) {                                // each alone is small enough
    Write(1, push == 0, true, some);
    ReadAnswer();
  }
  for (int part = 0; part < 3; ++part) Write(1, false, false, some);
  config::Applied applied;
  EXPECT_FALSE(stream_->Read(&applied));
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(recorder_.batches.size(), 4u);
}

TEST_F(ConfigServiceTest, ABrokenPushLeavesNoTrace) {
  Write(1, true, false, {"a"});
  stream_->WritesDone();
  EXPECT_TRUE(stream_->Finish().ok());
  EXPECT_TRUE(recorder_.batches.empty());
}

TEST_F(ConfigServiceTest, APushIsPreparedAsItArrives) {
  Write(1, true, false, {"taken-1", "a"});
  recorder_.AwaitPrepared("a");
  EXPECT_TRUE(recorder_.batches.empty());
  Write(1, false, true, {"b", "taken-2"});
  ReadAnswer();
  Write(1, false, true, {"taken-3"});
  ReadAnswer();
  ASSERT_EQ(recorder_.batches.size(), 2u);
  ASSERT_EQ(recorder_.batches[0].upserts.size(), 2u);
  EXPECT_EQ(recorder_.batches[0].upserts[1].id, "b");
  EXPECT_EQ(*static_cast<std::string*>(recorder_.batches[0].prepared.get()), "taken-1 taken-2 ");
  EXPECT_TRUE(recorder_.batches[1].upserts.empty());
  EXPECT_EQ(*static_cast<std::string*>(recorder_.batches[1].prepared.get()), "taken-3 ");
}

TEST_F(ConfigServiceTest, WhatWasPreparedOfAnUnfinishedPushIsForgotten) {
  Write(1, true, false, {"taken-1"});
  Write(2, true, true, {"taken-2"});
  ReadAnswer();
  ASSERT_EQ(recorder_.batches.size(), 1u);
  EXPECT_EQ(*static_cast<std::string*>(recorder_.batches[0].prepared.get()), "taken-2 ");
}

TEST_F(ConfigServiceTest, APushThatAnotherOneOvertookIsNotApplied) {
  auto pair = os::CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  server_.Attach(std::move(pair->first));
  RpcChannel other("config.proxy");
  other.Replace(std::move(pair->second));
  const auto stub = config::Config::NewStub(other.Get());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const auto stream = stub->Push(&context);
  config::Chunk chunk;
  chunk.set_epoch(9);
  chunk.set_begin(true);
  chunk.add_upserts()->set_id("late");
  stream->Write(chunk);
  recorder_.AwaitPrepared("late");
  Write(1, true, true, {"a"});
  ReadAnswer();
  chunk.Clear();
  chunk.set_epoch(9);
  chunk.set_end(true);
  stream->Write(chunk);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(recorder_.batches.size(), 1u);
}

}  // namespace
}  // namespace aisix::ipc
