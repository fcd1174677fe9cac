// Takes the list of destinations from the admin zone.
#pragma once

#include <functional>
#include <vector>

#include "egress_worker/destination_list.h"
#include "lib/ipc/config_service.h"
#include "lib/log/logger.h"

namespace aisix::egress {

class ConfigReceiver : public ipc::ConfigReceiver {
 public:
  // `applied` is called on the link's thread after every push.
  ConfigReceiver(DestinationList& list, log::Logger& logger, std::function<void()> applied)
      : list_(list), logger_(logger), applied_(std::move(applied)) {}

  std::vector<ipc::ConfigRefusal> Apply(ipc::ConfigBatch batch) override;

 private:
  DestinationList& list_;
  log::Logger& logger_;
  std::function<void()> applied_;
};

}  // namespace aisix::egress
