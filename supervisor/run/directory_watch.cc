#include "supervisor/run/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

#include "lib/os/error.h"

namespace aisix::supervisor {

absl::StatusOr<DirectoryWatch> DirectoryWatch::Create() {
  os::UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) return os::ErrorStatus(errno, "inotify");
  return DirectoryWatch(std::move(fd));
}

void DirectoryWatch::Add(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    ::inotify_add_watch(fd_.get(), directory.c_str(),
                        IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR);
  }
}

bool DirectoryWatch::Take() {
  alignas(inotify_event) char events[4096];
  bool any = false;
  while (::read(fd_.get(), events, sizeof(events)) > 0) any = true;
  return any;
}

}  // namespace aisix::supervisor
