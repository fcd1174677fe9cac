// One session against a zone behind a real link, with a clock of the test's own.
#include "admin_worker/push/push_session.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "lib/ipc/config_service.h"
#include "lib/ipc/rpc_server.h"
#include "lib/os/socket_pair.h"

namespace aisix::admin {
namespace {

// Acknowledges nothing before Open.
class GatedZone : public ipc::ConfigReceiver {
 public:
  std::vector<ipc::ConfigRefusal> Apply(ipc::ConfigBatch batch) override {
    std::unique_lock lock(mutex_);
    documents_ = batch.upserts.size();
    opened_.wait(lock, [this] { return open_; });
    return {};
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  size_t documents() {
    const std::lock_guard lock(mutex_);
    return documents_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  size_t documents_ = 0;
};

class PushSessionTest : public ::testing::Test {
 protected:
  static constexpr int kDocuments = 10;

  PushSessionTest() {
    limits_.chunk_bytes = 1;  // a chunk for each document
    auto pair = os::CreateStreamPair();
    server_.Attach(std::move(pair->first));
    channel_.Replace(std::move(pair->second));
    DocumentSet::Editor documents;
    for (int i = 0; i < kDocuments; ++i)
      documents.Put(model::Kind::kModel, std::to_string(i), MakeDocument(1, "{}"));
    target_ = {1, false, std::make_shared<const ProxyContent>(documents.Finish())};
  }
  ~PushSessionTest() override {
    zone_.Open();
    session_.Cancel();
    while (session_.busy()) TakeEvent();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  void TakeEvent() {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue_.Next(&tag, &ok));
    session_.OnEvent(tag, ok, now_);
  }
  // The call has started, and every chunk went out, each after `pause`.
  void PushSlowly(absl::Duration pause) {
    session_.Pursue(target_, now_);
    TakeEvent();
    session_.Pursue(target_, now_);
    for (int chunk = 0; chunk < kDocuments; ++chunk) {
      now_ += pause;
      session_.Tick(now_);
      TakeEvent();
    }
  }
  double failures() const {
    std::vector<metrics::Family> families;
    metrics_.AppendMetrics(families);
    for (const metrics::Family& family : families) {
      if (family.name == "aisix_config_push_failures_total") return family.samples.at(0).value;
    }
    return -1;
  }

  GatedZone zone_;
  ipc::ConfigService service_{zone_};
  ipc::RpcServer server_{{service_.service()}};
  ipc::RpcChannel channel_{"config.proxy"};
  grpc::CompletionQueue queue_;
  PushLimits limits_;
  PushMetrics metrics_;
  log::Logger logger_{"test", log::Filter()};
  PushSession session_{PushMetrics::Zone::kProxy, channel_, queue_, limits_, metrics_, logger_};
  PushTarget target_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
};

TEST_F(PushSessionTest, AZoneThatIsSlowIsNotGivenUp) {
  PushSlowly(limits_.acknowledgement - absl::Seconds(1));
  zone_.Open();
  now_ += limits_.acknowledgement - absl::Seconds(1);
  session_.Tick(now_);
  TakeEvent();
  EXPECT_TRUE(session_.Has(target_));
  EXPECT_EQ(zone_.documents(), static_cast<size_t>(kDocuments));
  EXPECT_EQ(failures(), 0);
}

TEST_F(PushSessionTest, AZoneThatDoesNotAcknowledgeIsGivenUp) {
  PushSlowly(absl::Seconds(1));
  now_ += limits_.acknowledgement - absl::Milliseconds(1);
  session_.Tick(now_);
  EXPECT_EQ(failures(), 0);
  EXPECT_EQ(session_.NextTick(now_), now_ + absl::Milliseconds(1));
  now_ += absl::Milliseconds(1);
  session_.Tick(now_);
  EXPECT_EQ(failures(), 1);
  EXPECT_FALSE(session_.Has(target_));
}

TEST_F(PushSessionTest, AZoneThatStopsAmidAPushIsGivenUp) {
  session_.Pursue(target_, now_);
  TakeEvent();
  session_.Pursue(target_, now_);
  now_ += absl::Seconds(15);
  TakeEvent();
  // From the last step, not from the first.
  EXPECT_EQ(session_.NextTick(now_), now_ + limits_.acknowledgement);
  now_ += limits_.acknowledgement;
  session_.Tick(now_);
  EXPECT_EQ(failures(), 1);
}

}  // namespace
}  // namespace aisix::admin
