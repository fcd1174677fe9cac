// What the requests of one loop share.
#pragma once

#include "lib/config/zone_config.h"
#include "lib/log/logger.h"

namespace aisix::async {
class Loop;
}
namespace aisix::http {
class ClientPool;
}

namespace aisix::proxy {

class RealIpRules;
class RequestRecorder;
struct ChatScratch;
class SnapshotSlot;
struct ProcessState;

// References only; everything is owned by the worker and outlives its requests. One per loop, used on it.
struct LoopContext {
  async::Loop& loop;
  http::ClientPool& upstream;
  SnapshotSlot& snapshots;
  const config::ProxyPart& config;
  const RealIpRules& real_ip;
  RequestRecorder& recorder;  // metrics and structured lines of this loop
  log::Logger& logger;        // any thread
  ProcessState& process;      // flags of all loops
  ChatScratch& chat_scratch;  // pipeline/chat_scratch.h
};

}  // namespace aisix::proxy
