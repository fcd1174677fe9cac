// Readiness of a descriptor that somebody else owns.
#pragma once

#include <uv.h>

#include <memory>

#include "lib/async/loop.h"

namespace aisix::async {

// Calls back when the descriptor is ready. Destroy it before the descriptor is closed. Loop thread only.
class FdWatcher {
 public:
  // `events`: UV_READABLE and UV_WRITABLE; both after an error, so that the owner's next call finds it. The
  // watcher may be destroyed inside the call.
  using Callback = void (*)(void* argument, int events);

  FdWatcher(Loop& loop, int fd, Callback callback, void* argument);
  ~FdWatcher();
  FdWatcher(const FdWatcher&) = delete;
  FdWatcher& operator=(const FdWatcher&) = delete;

  // What to wait for; 0: nothing.
  void Watch(int events);

 private:
  struct Handle;  // outlives the watcher until libuv closed it
  Handle* handle_;
  int watched_ = 0;
};

}  // namespace aisix::async
