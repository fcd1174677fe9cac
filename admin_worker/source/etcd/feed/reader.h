// The cycle of spec 02 §3.2: a full load in pages, then the changes from the next revision on, and again from
// the start when that ends.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "admin_worker/source/etcd/client/client.h"
#include "admin_worker/source/etcd/feed/backoff.h"
#include "admin_worker/source/etcd/feed/feed.h"
#include "lib/log/logger.h"

namespace aisix::admin::etcd {

class Reader {
 public:
  struct Options {
    std::string prefix;         // raw
    int64_t page_limit = 2000;  // keys
    // Credentials that are refused at the start end the process after so many attempts, so far apart; 0: they
    // are no reason to end.
    int login_attempts = 0;
    absl::Duration login_pause = absl::Seconds(5);
  };
  // Called once on the reader's thread: OK when the process may go on, else why it cannot.
  using OnStarted = std::function<void(const absl::Status&)>;

  // Everything is borrowed; Start makes the thread.
  Reader(Options options, Client& client, Feed& feed, log::Logger& logger);
  ~Reader();  // as Stop
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // `check_login`: whether refused credentials are a reason to end.
  void Start(OnStarted on_started, bool check_login);
  // Ends the thread; the client is closed and the feed too. Another thread than the reader's.
  void Stop();

 private:
  enum class Ended { kLoadAgain, kFailed, kStopped };

  void Run(const OnStarted& on_started, bool check_login);
  absl::Status Login();
  absl::StatusOr<int64_t> Load();
  Ended Follow(int64_t revision);
  bool stopping() const;
  // False: it is time to stop.
  bool Pause(absl::Duration duration);
  void Report(const absl::Status& status);

  const Options options_;
  Client& client_;
  Feed& feed_;
  log::Logger& logger_;
  Backoff backoff_;
  std::string last_failure_;  // as it was logged: not every attempt is worth a line
  absl::Time failing_since_ = absl::InfinitePast();
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace aisix::admin::etcd
