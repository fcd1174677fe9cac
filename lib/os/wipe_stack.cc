#include "lib/os/wipe_stack.h"

#include <string.h>

namespace aisix::os {

[[gnu::noinline]] void WipeStack() {
  char area[64 * 1024];
  ::explicit_bzero(area, sizeof area);
}

}  // namespace aisix::os
