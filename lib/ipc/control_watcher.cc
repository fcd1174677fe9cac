#include "lib/ipc/control_watcher.h"

namespace aisix::ipc {

ControlWatcher::ControlWatcher(async::Loop& loop, control::ControlLink& link,
                               absl::AnyInvocable<void(control::Message&)> on_message,
                               absl::AnyInvocable<void()> on_gone)
    : link_(link),
      on_message_(std::move(on_message)),
      on_gone_(std::move(on_gone)),
      watcher_(loop, link.fd(), &ControlWatcher::OnReadable, this) {
  watcher_.Watch(UV_READABLE);
}

ControlWatcher::ControlWatcher(async::Loop& loop, control::ControlLink& link, control::Inherited& inherited,
                               const control::Commands& commands, absl::AnyInvocable<void()> on_gone)
    : ControlWatcher(
          loop, link,
          [&link, &inherited, &commands](control::Message& message) {
            control::Obey(message, link, inherited, commands);
          },
          std::move(on_gone)) {}

void ControlWatcher::OnReadable(void* argument, int) {
  auto* self = static_cast<ControlWatcher*>(argument);
  while (true) {
    absl::StatusOr<std::optional<control::Message>> message = self->link_.Receive();
    if (absl::IsUnavailable(message.status())) {
      self->watcher_.Watch(0);
      self->on_gone_();
      return;
    }
    if (!message.ok()) continue;  // a message that lost its descriptor: the supervisor will say it again
    if (!message->has_value()) return;
    self->on_message_(**message);
  }
}

}  // namespace aisix::ipc
