// HandleChat on a loop of its own, between a raw client and a scripted provider.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "lib/async/loop.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/metrics/registry.h"
#include "lib/net/dialer.h"
#include "proxy_worker/pipeline/chat_scratch.h"
#include "proxy_worker/pipeline/client_address.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/process_state.h"
#include "proxy_worker/pipeline/request_context.h"
#include "proxy_worker/snapshot/snapshot_builder.h"
#include "proxy_worker/snapshot/snapshot_reclaimer.h"
#include "proxy_worker/telemetry/request_recorder.h"
#include "test/unit/proxy_worker/chat/scripted_upstream.h"

namespace aisix::proxy {

// What a request left in its context.
struct Outcome {
  ResponsePhase phase = ResponsePhase::kNone;
  int status = 0;
  bool stream = false;
  bool caller_left = false;
  std::string upstream_model, provider_request_id, provider_model, finish_reason, error_kind;
  Attempt attempt;
  usage::TokenCounts tokens;
  uint64_t allocations = 0;  // on the loop's thread while the handler ran; 0 without a counter
};

struct Response {
  int status = 0;
  std::string head;       // lower case but for values
  std::string body;       // without chunks
  bool complete = false;  // it had its proper end
};

// A blocking client connection with ten seconds of patience.
class ChatClient {
 public:
  explicit ChatClient(uint16_t port);
  void Send(std::string_view bytes);
  void Post(std::string_view body, std::string_view header_lines = "");
  // Reads until the bytes so far (head and chunked body) hold `text`. False: the end came first.
  bool ReadUntil(std::string_view text);
  const std::string& received() const { return received_; }
  Response Receive();
  void Close() { socket_.reset(); }

 private:
  bool Fill();
  os::UniqueFd socket_;
  std::string received_;
};

class ChatTest : public testing::Test, private http::Handler {
 protected:
  ChatTest();
  ~ChatTest() override;

  // Further members of the documents, as `,"retries":1`. Before Start.
  std::string model_members_;
  std::string key_members_;
  std::string model_name_ = "gpt-up";
  std::string display_name_ = "alias";
  std::string provider_members_ = R"("provider":"openai")";
  config::ProxyPart config_;
  void Start();

  // On a fresh connection.
  Response Post(std::string_view body, std::string_view header_lines = "");
  // The outcome of the next request that has ended.
  Outcome TakeOutcome();
  // The body of upstream request `index`, and its head.
  std::string UpstreamBody(size_t index = 0) const;
  std::string UpstreamHead(size_t index = 0) const;
  // Counts allocations of the calling thread; set by a test that replaced operator new.
  uint64_t (*allocations_)() = nullptr;

  std::optional<ScriptedUpstream> upstream_;
  uint16_t port_ = 0;

 private:
  async::Maybe<void> Handle(http::ServerExchange& exchange) override;
  async::Task<void> Serve(http::ServerExchange& exchange);

  log::Logger logger_{"proxy", log::Filter()};
  ProcessState process_;
  metrics::Registry registry_;
  std::unique_ptr<MetricFamilies> families_;
  ClientTypeRules client_types_;
  RealIpRules real_ip_;
  SnapshotReclaimer reclaimer_;
  CallerKey caller_;

  // In the order in which they may go.
  std::unique_ptr<async::Loop> loop_;
  std::unique_ptr<net::DirectDialer> dialer_;
  std::unique_ptr<http::ClientPool> pool_;
  std::unique_ptr<SnapshotSlot> snapshots_;
  std::unique_ptr<RequestRecorder> recorder_;
  std::unique_ptr<ChatScratch> scratch_;
  std::unique_ptr<LoopContext> context_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Outcome> outcomes_;
};

// A request with these further members.
std::string ChatBody(std::string_view members = "");
// A completion of the provider, and what the caller gets for it.
std::string Completion(std::string_view model, std::string_view members = "");
// One event of a stream.
std::string ChunkEvent(std::string_view model, std::string_view text);

}  // namespace aisix::proxy
