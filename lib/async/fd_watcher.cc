#include "lib/async/fd_watcher.h"

#include <cstdio>
#include <cstdlib>

namespace aisix::async {

struct FdWatcher::Handle {
  uv_poll_t poll;
  Callback callback;
  void* argument;
};

FdWatcher::FdWatcher(Loop& loop, int fd, Callback callback, void* argument)
    : handle_(new Handle{{}, callback, argument}) {
  if (int error = uv_poll_init(loop.uv(), &handle_->poll, fd); error != 0) {
    std::fprintf(stderr, "async: descriptor %d cannot be watched: %s\n", fd, uv_strerror(error));
    std::abort();
  }
  handle_->poll.data = handle_;
}

FdWatcher::~FdWatcher() {
  handle_->callback = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->poll),
           [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

void FdWatcher::Watch(int events) {
  if (events == watched_) return;
  watched_ = events;
  if (events == 0) {
    uv_poll_stop(&handle_->poll);
    return;
  }
  uv_poll_start(&handle_->poll, events, [](uv_poll_t* poll, int status, int ready) {
    auto* handle = static_cast<Handle*>(poll->data);
    if (handle->callback == nullptr) return;
    handle->callback(handle->argument, status < 0 ? UV_READABLE | UV_WRITABLE : ready);
  });
}

}  // namespace aisix::async
