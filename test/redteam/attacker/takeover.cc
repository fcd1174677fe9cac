// A zone's own program, linked with this file, is taken over at the moment in which it locks itself:
// everything before (what it was given, what it has opened, its profile and its options) is the zone's own
// code, and so is everything after, if the test lets it go on. The linker leads the two calls here (--wrap).
#include <sys/stat.h>

#include <cerrno>

#include "lib/control/inherit.h"
#include "test/redteam/attacker/session.h"

namespace aisix::redteam {

absl::StatusOr<control::Inherited> RealInherit(int socket) __asm__("__real__ZN5aisix7control7InheritEi");
absl::StatusOr<control::Inherited> TakenInherit(int socket) __asm__("__wrap__ZN5aisix7control7InheritEi");
absl::StatusOr<sandbox::Report>
TakenLock(const sandbox::Profile& profile, const sandbox::LockOptions& options) __asm__(
    "__wrap__ZN5aisix7sandbox4LockERKNS0_7ProfileERKNS0_11LockOptionsE");

namespace {

// Between the two calls; nothing of the zone's own could carry it.
Scene& TheScene() {
  static Scene scene;
  return scene;
}

}  // namespace

absl::StatusOr<control::Inherited> TakenInherit(int socket) {
  absl::StatusOr<control::Inherited> inherited = RealInherit(socket);
  if (!inherited.ok()) return inherited;
  Scene& scene = TheScene();
  for (const control::Link& link : inherited->links) {
    scene.links.push_back({link.name, link.index, link.server, link.fd.get()});
  }
  for (const control::Listener& listener : inherited->listeners) {
    scene.listeners.push_back({listener.name, listener.index, true, listener.fd.get()});
  }
  for (const auto& [name, file] : inherited->files) {
    if (file.fd.valid()) scene.files.push_back(file.fd.get());
  }
  return inherited;
}

absl::StatusOr<sandbox::Report> TakenLock(const sandbox::Profile& profile,
                                          const sandbox::LockOptions& options) {
  return Session(TheScene(), program_invocation_name).Run(profile, options);
}

}  // namespace aisix::redteam
