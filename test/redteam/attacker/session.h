// The conversation with the test: what to try, and what came of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/sandbox/lock.h"
#include "test/redteam/attacker/attempt.h"
#include "test/redteam/attacker/links/abuse.h"

namespace aisix::redteam {

// Lines with tabs between their words, over two FIFOs that lie beside the worker's program. Commands:
//   target NAME VALUE        what Scene::targets holds
//   all locked|unlocked      every attempt in a process of its own, forked before the lock; the child takes
//   on the
//                            zone's lock (or does not), and makes one attempt
//   lock                     this process takes on the lock itself
//   here NAME                one attempt in this process, in another thread than the one that locked
//   abuse WORDS…             see links/abuse.h
//   ready                    tells the supervisor that the zone serves
//   continue                 the zone goes on as the program that it is
// Answers: lines of two words, NAME OUTCOME; the last one of a command is a single dot.
class Session {
 public:
  Session(Scene& scene, const std::string& program);

  // Obeys until `continue`; returns what the real lock returned.
  absl::StatusOr<sandbox::Report> Run(const sandbox::Profile& profile, const sandbox::LockOptions& options);

 private:
  std::string ReadLine();
  void Answer(const std::string& name, const std::string& outcome) const;
  void Write(const std::string& text) const;
  void TryAll(const sandbox::Profile& profile, const sandbox::LockOptions& options, bool locked);

  Scene& scene_;
  const std::vector<Attempt> attempts_;
  int commands_ = -1;
  int results_ = -1;
  std::string unread_;
  std::unique_ptr<Abuse> abuse_;  // after the lock
};

// What one attempt, made in a process of its own, came to: "allowed", the name of errno, "killed" (by the
// filter), or the name of the signal that ended it. `lock` runs in that process first; its error is the
// outcome.
std::string Isolated(const Attempt& attempt, const Scene& scene, const std::function<std::string()>& lock);

std::string OutcomeOf(long result);

}  // namespace aisix::redteam
