#include "supervisor/process/link_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace aisix::supervisor {
namespace {

// Generations of the workers in these tests.
constexpr uint64_t kEgress = 1, kAdmin = 2, kMetrics = 3, kProxy = 4, kNew = 10, kOld = 9;

Population Everybody() {
  Population population;
  population[static_cast<size_t>(Zone::kEgress)].current = kEgress;
  population[static_cast<size_t>(Zone::kAdmin)].current = kAdmin;
  population[static_cast<size_t>(Zone::kMetrics)].current = kMetrics;
  population[static_cast<size_t>(Zone::kProxy)].current = kProxy;
  return population;
}

ZonePopulation& Of(Population& population, Zone zone) {
  return population[static_cast<size_t>(zone)];
}

// "name/index client>server", in the order of the alphabet.
std::vector<std::string> Texts(const std::vector<PlannedLink>& links) {
  std::vector<std::string> texts;
  for (const PlannedLink& link : links) {
    texts.push_back(std::string(link.name) + "/" + std::to_string(link.server_number) + " " +
                    std::to_string(link.client) + ">" + std::to_string(link.server));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

using Strings = std::vector<std::string>;

TEST(LinkTable, AWorkerThatActsGetsTheLinksOfItsZoneAndNoOthers) {
  const LinkTable table(2);
  EXPECT_EQ(
      Texts(table.OfActing(Zone::kProxy, kProxy, Everybody())),
      (Strings{"config.proxy/0 2>4", "dial/0 4>1", "dial/1 4>1", "health.proxy/0 2>4", "zone.proxy/0 3>4"}));
  EXPECT_EQ(Texts(table.OfActing(Zone::kAdmin, kAdmin, Everybody())),
            (Strings{"config.egress/0 2>1", "config.proxy/0 2>4", "health.proxy/0 2>4", "zone.admin/0 3>2"}));
  EXPECT_EQ(Texts(table.OfActing(Zone::kMetrics, kMetrics, Everybody())),
            (Strings{"zone.admin/0 3>2", "zone.egress/0 3>1", "zone.proxy/0 3>4"}));
  EXPECT_EQ(Texts(table.OfActing(Zone::kEgress, kEgress, Everybody())),
            (Strings{"config.egress/0 2>1", "dial/0 4>1", "dial/1 4>1", "zone.egress/0 3>1"}));
}

TEST(LinkTable, WhoDoesNotRunIsConnectedByItsOwnStart) {
  const LinkTable table(1);
  Population population = Everybody();
  Of(population, Zone::kAdmin).current = 0;
  EXPECT_EQ(Texts(table.OfActing(Zone::kProxy, kProxy, population)),
            (Strings{"dial/0 4>1", "zone.proxy/0 3>4"}));
}

TEST(LinkTable, OnlyDialsArePacketsAndMetricsKnowsServersByGeneration) {
  const LinkTable table(1);
  for (const PlannedLink& link : table.OfActing(Zone::kProxy, kProxy, Everybody())) {
    EXPECT_EQ(link.packets, link.name == "dial") << link.name;
    EXPECT_EQ(link.client_number, link.name == "zone.proxy" ? kProxy : 0) << link.name;
  }
}

TEST(LinkTable, ASuccessorOfEgressGetsItsConfigurationFirstAndTheDialsWhenItTakesOver) {
  const LinkTable table(1);
  Population population = Everybody();
  Of(population, Zone::kEgress).successor = kNew;
  EXPECT_EQ(Texts(table.OfActing(Zone::kEgress, kNew, population)),
            (Strings{"config.egress/0 2>10", "zone.egress/0 3>10"}));

  Of(population, Zone::kEgress) = {kNew, 0, {kEgress}};
  Of(population, Zone::kProxy).retiring = {kOld};
  EXPECT_EQ(Texts(table.OfPromoted(Zone::kEgress, kNew, population)),
            (Strings{"dial/0 4>10", "dial/0 9>10"}));
}

TEST(LinkTable, ASuccessorOfTheProxyDialsBesideItsPredecessor) {
  const LinkTable table(1);
  Population population = Everybody();
  Of(population, Zone::kProxy).successor = kNew;
  EXPECT_EQ(Texts(table.OfActing(Zone::kProxy, kNew, population)),
            (Strings{"config.proxy/0 2>10", "dial/0 10>1", "health.proxy/0 2>10", "zone.proxy/0 3>10"}));
  EXPECT_TRUE(table.OfPromoted(Zone::kProxy, kNew, population).empty());
}

TEST(LinkTable, AnAdminWorkerThatStartsMeanwhileConfiguresTheSuccessor) {
  const LinkTable table(1);
  Population population = Everybody();
  Of(population, Zone::kEgress).successor = kNew;
  EXPECT_EQ(
      Texts(table.OfActing(Zone::kAdmin, kAdmin, population)),
      (Strings{"config.egress/0 2>10", "config.proxy/0 2>4", "health.proxy/0 2>4", "zone.admin/0 3>2"}));
}

TEST(LinkTable, AMetricsWorkerThatStartsMeanwhileAsksEverybody) {
  const LinkTable table(1);
  Population population = Everybody();
  Of(population, Zone::kEgress).successor = kNew;
  Of(population, Zone::kProxy).retiring = {kOld};
  EXPECT_EQ(Texts(table.OfActing(Zone::kMetrics, kMetrics, population)),
            (Strings{"zone.admin/0 3>2", "zone.egress/0 3>1", "zone.egress/0 3>10", "zone.proxy/0 3>4",
                     "zone.proxy/0 3>9"}));
}

TEST(LinkTable, AnEgressWorkerThatStartsMeanwhileDialsForRetiringProxiesToo) {
  const LinkTable table(1);
  Population population = Everybody();
  Of(population, Zone::kProxy).successor = kNew;
  Of(population, Zone::kProxy).retiring = {kOld};
  EXPECT_EQ(Texts(table.OfActing(Zone::kEgress, kEgress, population)),
            (Strings{"config.egress/0 2>1", "dial/0 10>1", "dial/0 4>1", "dial/0 9>1", "zone.egress/0 3>1"}));
}

TEST(LinkTable, WhatASuccessorTookIsGivenBackWhenItComesToNothing) {
  const LinkTable table(1);
  EXPECT_EQ(Texts(table.OfReinstated(Zone::kProxy, kProxy, Everybody())),
            (Strings{"config.proxy/0 2>4", "health.proxy/0 2>4"}));
  EXPECT_EQ(Texts(table.OfReinstated(Zone::kEgress, kEgress, Everybody())), (Strings{"config.egress/0 2>1"}));
  EXPECT_TRUE(table.OfReinstated(Zone::kMetrics, kMetrics, Everybody()).empty());
}

}  // namespace
}  // namespace aisix::supervisor
