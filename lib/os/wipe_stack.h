// What functions leave behind on the stack.
#pragma once

namespace aisix::os {

// Overwrites what functions that have returned left on the stack of the calling thread, 64 KiB deep, and in
// its vector registers. Decoders and writers gather texts in arrays there, credentials among them, and a
// thread that waits overwrites nothing: call it where a thread has handled documents or keys and goes back to
// waiting, or ends.
void WipeStack();

}  // namespace aisix::os
