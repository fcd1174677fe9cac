#include "lib/control/commands.h"

#include <utility>

namespace aisix::control {
namespace {

void AnswerReload(const Message& message, const ControlLink& link, std::string refusal) {
  if (message.number == 0) return;
  Message answer;
  answer.type = MessageType::kReloaded;
  answer.number = message.number;
  answer.text = std::move(refusal);
  (void)link.Send(answer);  // a supervisor that is gone is noticed when its messages are read
}

}  // namespace

void Obey(Message& message, const ControlLink& link, Inherited& inherited, const Commands& commands) {
  switch (message.type) {
    case MessageType::kLink:
      if (commands.link) commands.link(message);
      break;
    case MessageType::kFile:
    case MessageType::kEnvironment:
      // An environment that cannot be read leaves the old one.
      (void)Take(std::move(message), inherited);
      break;
    case MessageType::kReload:
      AnswerReload(message, link, commands.reload ? commands.reload(message.text != "files") : std::string());
      break;
    case MessageType::kDrain:
      if (commands.drain) commands.drain();
      break;
    case MessageType::kQueryInFlight:
      (void)link.SendInFlight(commands.in_flight ? commands.in_flight() : 0);
      break;
    case MessageType::kRelease:
      if (commands.release) commands.release(message.text == "replaced");
      break;
    case MessageType::kStop:
      if (commands.stop) commands.stop();
      break;
    case MessageType::kZone:
    case MessageType::kEnded:
    case MessageType::kExits:
    case MessageType::kFigures:
    case MessageType::kMeasure:
      if (commands.news) commands.news(message);
      break;
    default:
      break;
  }
}

}  // namespace aisix::control
