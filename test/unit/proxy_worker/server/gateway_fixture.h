// One loop of the gateway in this process, a raw client, and a stand-in for the chat handler.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "proxy_worker/server/proxy_loop.h"
#include "proxy_worker/snapshot/snapshot_builder.h"
#include "proxy_worker/snapshot/snapshot_publisher.h"

namespace aisix::proxy {

// A blocking client connection. Reads give up after ten seconds.
class RawClient {
 public:
  explicit RawClient(uint16_t port);
  void Send(std::string_view bytes);
  // One response with its body as its Content-Length or chunks say; `head_only` for answers to HEAD.
  std::string Receive(bool head_only = false);
  // Everything up to the end of the connection.
  std::string ReceiveAll();
  void Close() { socket_.reset(); }

 private:
  bool Fill();
  os::UniqueFd socket_;
  std::string received_;
};

class GatewayTest : public testing::Test {
 protected:
  GatewayTest();
  ~GatewayTest() override;

  // Before Start.
  config::ProxyPart config_;
  EndpointHandlers handlers_;

  void Start();
  void Put(std::string_view kind, const std::string& id, const std::string& json);
  // The documents that were put so far take effect.
  void Publish(bool has_configuration = true);

  // One exchange on a fresh connection.
  std::string Exchange(std::string_view request);
  // GET or another method without a body; `lines`: header lines, each ended by CRLF.
  std::string Ask(std::string_view method, std::string_view target, std::string_view lines = "");
  std::string Post(std::string_view target, std::string_view body, std::string_view lines = "");

  std::string Metrics() const;
  std::string Log() const;
  // Waits until `condition` holds; fails after ten seconds.
  void Eventually(const std::function<bool()>& condition, std::string_view what) const;

  uint16_t port_ = 0;
  ProcessState process_;
  std::unique_ptr<ProxyLoop> loop_;

 private:
  os::UniqueFd log_file_;
  std::unique_ptr<log::Logger> logger_;
  metrics::Registry registry_;
  std::unique_ptr<MetricFamilies> families_;
  ClientTypeRules client_types_;
  RealIpRules real_ip_;
  SnapshotReclaimer reclaimer_;
  std::unique_ptr<ProxyEnvironment> environment_;
  SnapshotPublisher publisher_;
  SnapshotBuilder builder_{nullptr};
};

}  // namespace aisix::proxy
