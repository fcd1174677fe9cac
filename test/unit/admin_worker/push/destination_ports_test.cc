#include "admin_worker/push/destination_ports.h"

#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using control::PortSet;

DestinationSet Destinations(const std::vector<std::string>& names, uint32_t users = 1) {
  DestinationSet::Editor editor;
  for (const std::string& name : names) editor.Put(name, users);
  return editor.Finish();
}

TEST(DestinationPorts, FollowTheDestinations) {
  DestinationPorts ports;
  EXPECT_EQ(ports.ports(), PortSet());
  ports.Update(Destinations({"a:443", "b:443", "[::1]:8000"}));
  EXPECT_EQ(ports.ports(), PortSet({443, 8000}));
  ports.Update(Destinations({"a:443", "b:443", "[::1]:8000"}, 2));
  ports.Update(Destinations({"b:443", "c:80"}));
  EXPECT_EQ(ports.ports(), PortSet({80, 443}));
  ports.Update(Destinations({"c:80"}));
  EXPECT_EQ(ports.ports(), PortSet({80}));
  ports.Update({});
  EXPECT_EQ(ports.ports(), PortSet());
}

}  // namespace
}  // namespace aisix::admin
