// When a worker that died is started again (DESIGN §1.4).
#pragma once

#include <chrono>
#include <optional>

namespace aisix::supervisor {

// The history of one zone's deaths. A value; knows no clock.
class RestartPolicy {
 public:
  // `essential`: a death before the first readiness since boot ends the whole process.
  explicit RestartPolicy(bool essential) : essential_(essential) {}

  void OnReady() { ever_ready_ = true; }

  // `ready_for`: how long the worker that died had been ready; nullopt: it never was. Returns how long to
  // wait before the next start; nullopt: give up.
  std::optional<std::chrono::milliseconds> OnDeath(std::optional<std::chrono::milliseconds> ready_for);

  // True once a worker of this zone was ready since boot.
  bool ever_ready() const { return ever_ready_; }

  // For the next image of this process.
  int early_deaths() const { return early_deaths_; }
  void Resume(bool ever_ready, int early_deaths) {
    ever_ready_ = ever_ready;
    early_deaths_ = early_deaths;
  }

 private:
  bool essential_;
  bool ever_ready_ = false;
  int early_deaths_ = 0;  // in a row: before ready, or within a second of it
};

}  // namespace aisix::supervisor
