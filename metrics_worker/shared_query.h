// One answer for everybody who asks while the question is being asked.
#pragma once

#include <utility>
#include <vector>

#include "lib/async/event.h"
#include "lib/async/task.h"

namespace aisix::metrics_zone {

// Loop thread only. A burst of scrapes costs the zones one collection.
class SharedQuery {
 public:
  // A waiter for the end of the round. Make it first, then begin the work if Begin() says so, then wait.
  class Ticket {
   public:
    explicit Ticket(SharedQuery& query) : query_(query) { query_.waiting_.push_back(&event_); }
    ~Ticket() {
      std::erase(query_.waiting_, &event_);
      std::erase(query_.finishing_, &event_);
    }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    auto Wait() { return event_.Wait(); }

   private:
    SharedQuery& query_;
    async::Event event_;
  };

  // True: nobody asks at the moment, so begin.
  bool Begin() { return !std::exchange(running_, true); }

  void Finish() {
    running_ = false;
    finishing_ = std::move(waiting_);
    waiting_.clear();
    // A waiter that goes on may make others go, and may ask again: that belongs to the next round.
    while (!finishing_.empty()) {
      async::Event* event = finishing_.front();
      finishing_.erase(finishing_.begin());
      event->Set();
    }
  }

 private:
  bool running_ = false;
  std::vector<async::Event*> waiting_;
  std::vector<async::Event*> finishing_;  // of the round that ended, not resumed yet
};

}  // namespace aisix::metrics_zone
