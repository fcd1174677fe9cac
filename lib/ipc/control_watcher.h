// Control messages on an event loop.
#pragma once

#include "absl/functional/any_invocable.h"
#include "lib/async/fd_watcher.h"
#include "lib/async/loop.h"
#include "lib/control/commands.h"
#include "lib/control/control_link.h"
#include "lib/control/inherit.h"

namespace aisix::ipc {

// Reads what the supervisor says after the start. Everything is borrowed. Loop thread only.
class ControlWatcher {
 public:
  // `on_message` for every message; `on_gone` once, when the supervisor is gone: the process has to end.
  ControlWatcher(async::Loop& loop, control::ControlLink& link,
                 absl::AnyInvocable<void(control::Message&)> on_message, absl::AnyInvocable<void()> on_gone);
  // Every message is obeyed (control::Obey).
  ControlWatcher(async::Loop& loop, control::ControlLink& link, control::Inherited& inherited,
                 const control::Commands& commands, absl::AnyInvocable<void()> on_gone);

 private:
  static void OnReadable(void* self, int events);

  control::ControlLink& link_;
  absl::AnyInvocable<void(control::Message&)> on_message_;
  absl::AnyInvocable<void()> on_gone_;
  async::FdWatcher watcher_;
};

}  // namespace aisix::ipc
