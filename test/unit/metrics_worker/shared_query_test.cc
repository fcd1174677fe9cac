#include "metrics_worker/shared_query.h"

#include <gtest/gtest.h>

#include <optional>

namespace aisix::metrics_zone {
namespace {

class Rounds {
 public:
  async::Task<void> Ask() {
    SharedQuery::Ticket ticket(query);
    if (query.Begin()) ++rounds;
    co_await ticket.Wait();
    ++answers;
  }
  // Asks again as soon as it was answered.
  async::Task<void> AskTwice() {
    co_await Ask();
    co_await Ask();
  }

  SharedQuery query;
  int rounds = 0;
  int answers = 0;
};

TEST(SharedQuery, OneRoundAnswersEverybody) {
  Rounds rounds;
  for (int i = 0; i < 5; ++i) async::Detach(rounds.Ask());
  EXPECT_EQ(rounds.rounds, 1);
  EXPECT_EQ(rounds.answers, 0);
  rounds.query.Finish();
  EXPECT_EQ(rounds.answers, 5);
  async::Detach(rounds.Ask());
  EXPECT_EQ(rounds.rounds, 2);
  rounds.query.Finish();
  EXPECT_EQ(rounds.answers, 6);
}

TEST(SharedQuery, WhoAsksAgainWaitsForTheNextRound) {
  Rounds rounds;
  async::Detach(rounds.AskTwice());
  async::Detach(rounds.AskTwice());
  rounds.query.Finish();
  EXPECT_EQ(rounds.answers, 2);
  EXPECT_EQ(rounds.rounds, 2);
  rounds.query.Finish();
  EXPECT_EQ(rounds.answers, 4);
}

TEST(SharedQuery, AWaiterMayGo) {
  SharedQuery query;
  auto first = std::make_optional<SharedQuery::Ticket>(query);
  SharedQuery::Ticket second(query);
  EXPECT_TRUE(query.Begin());
  EXPECT_FALSE(query.Begin());
  first.reset();
  query.Finish();
  EXPECT_TRUE(query.Begin());
}

}  // namespace
}  // namespace aisix::metrics_zone
