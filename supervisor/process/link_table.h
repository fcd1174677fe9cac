// Who is connected with whom (DESIGN §1.1), also while a zone has more than one worker.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "supervisor/process/zone.h"

namespace aisix::supervisor {

// The workers of one zone by generation; 0: there is none. A successor that stands by is not among them: it
// is connected when it begins to act.
struct ZonePopulation {
  uint64_t current = 0;
  uint64_t successor = 0;  // starting beside the current one
  std::vector<uint64_t> retiring;
};
using Population = std::array<ZonePopulation, kZones.size()>;  // by Zone

struct PlannedLink {
  std::string_view name;
  uint64_t client = 0;  // generation of the worker at that end
  uint64_t server = 0;
  uint64_t client_number = 0;  // as the client knows it: index, or the server's generation (zone.*)
  uint64_t server_number = 0;  // the index
  bool packets = false;        // SOCK_SEQPACKET, else SOCK_STREAM

  bool operator==(const PlannedLink&) const = default;
};

class LinkTable {
 public:
  // `proxy_loops`: how many links for dialling each proxy worker has.
  explicit LinkTable(uint32_t proxy_loops);

  // All links of a worker that begins to act: the current one of its zone, or a successor that starts beside
  // it. A successor of egress gets no dials yet.
  std::vector<PlannedLink> OfActing(Zone zone, uint64_t generation, const Population& population) const;
  // Of a successor that has become the current worker: what was its predecessor's until now.
  std::vector<PlannedLink> OfPromoted(Zone zone, uint64_t generation, const Population& population) const;
  // Of a current worker whose successor came to nothing: what the successor had taken from it.
  std::vector<PlannedLink> OfReinstated(Zone zone, uint64_t generation, const Population& population) const;

 private:
  // Between which workers a link exists when a zone has several.
  enum class Reach {
    kNewest,       // the current client and the newest server: configuration
    kEveryServer,  // the current client and each server: figures
    kEveryClient,  // each client and the current server: dialling
  };
  struct Kind {
    std::string_view name;
    Zone client;
    Zone server;
    Reach reach;
    uint32_t count = 1;
    bool packets = false;
  };
  static void Append(const Kind& kind, uint64_t client, uint64_t server, std::vector<PlannedLink>& links);

  std::vector<Kind> kinds_;
};

}  // namespace aisix::supervisor
