#include "bench/mock_provider/statistics.h"

#include "bench/mock_provider/reply.h"

namespace aisix::mock {

int64_t Statistics::SeenBefore(const std::string& key) {
  std::lock_guard lock(mutex_);
  return seen_[key]++;
}

void Statistics::Record(const Request& request) {
  if (!record_) return;
  std::string json;
  AppendRequestJson(json, request, request.body.size() <= kKeptBody);
  std::lock_guard lock(mutex_);
  kept_.emplace_back(std::string(request.Find("x-aisix-request-id")), std::move(json));
  if (kept_.size() > kKept) kept_.pop_front();
}

std::string Statistics::CountersJson() const {
  std::string out = "{";
  auto add = [&out](const char* name, auto value) {
    if (out.size() > 1) out += ',';
    out += '"';
    out += name;
    out += "\":";
    out += std::to_string(value);
  };
  add("requests", counters_.requests.load());
  add("streams", counters_.streams.load());
  add("completed", counters_.completed.load());
  add("cancelled", counters_.cancelled.load());
  add("cancelled_streams", counters_.cancelled_streams.load());
  add("bytes_sent", counters_.bytes_sent.load());
  add("accepted_connections", counters_.accepted_connections.load());
  add("open_connections", counters_.open_connections.load());
  add("active_requests", counters_.active_requests.load());
  out += '}';
  return out;
}

std::string Statistics::RequestsJson(std::string_view id) const {
  std::lock_guard lock(mutex_);
  std::string out = "[";
  for (const auto& [request_id, json] : kept_) {
    if (!id.empty() && request_id != id) continue;
    if (out.size() > 1) out += ',';
    out += json;
  }
  out += ']';
  return out;
}

void Statistics::Reset() {
  counters_.requests = 0;
  counters_.streams = 0;
  counters_.completed = 0;
  counters_.cancelled = 0;
  counters_.cancelled_streams = 0;
  counters_.bytes_sent = 0;
  counters_.accepted_connections = 0;
  std::lock_guard lock(mutex_);
  seen_.clear();
  kept_.clear();
}

}  // namespace aisix::mock
