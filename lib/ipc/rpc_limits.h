// Bounds that both ends of a gRPC link share.
#pragma once

namespace aisix::ipc {

// The list of all models of a large deployment fits; a push chunk is far smaller.
inline constexpr int kMaxMessageBytes = 64 << 20;

}  // namespace aisix::ipc
