// Every call of the provider fails in turn: the connection ends on both sides, by itself, once, and nothing of it claims to
// have succeeded. What each side told until then is what it tells in a good run.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/engine/pair.hpp"
#include "tests/faults/faulty_provider.hpp"

namespace nacre::test {
namespace {

struct Trial {
  FaultPlan plan;
  Outcome outcome;
};

Trial attempt(Way way, std::uint64_t fail_at) {
  FaultyRandom client_random(11), server_random(12);
  const FaultyKey host_key(key_from_seed(KeyType::ed25519, 1000), Side::server);
  const FaultyKey user_key(key_from_seed(KeyType::ed25519, 2000), Side::client);
  fault_plan = {};
  fault_plan.fail_at = fail_at;
  Trial trial;
  trial.outcome = converse({.client = faulty_provider(client_random),
                            .server = faulty_provider(server_random),
                            .host_key = &host_key,
                            .user_key = &user_key,
                            .way = way});
  trial.plan = fault_plan;
  return trial;
}

// What a side told: all of it was told in the good run too, up to where a client is asked for another credential, as its
// key did not sign or was not found good.
bool told_no_more_before_it_asked_again(const Party& party, const Party& good) {
  int asked = 0;
  const auto again = std::find_if(party.events.begin(), party.events.end(), [&](const auto& line) {
    return line.starts_with("CredentialsWanted") && ++asked == 2;
  });
  const auto told = static_cast<std::size_t>(again - party.events.begin());
  return told <= good.events.size() && std::equal(party.events.begin(), again, good.events.begin());
}

bool is_end_of_other_side(Code code) {
  return code == Code::disconnected_by_peer || code == Code::connection_lost || code == Code::no_more_methods ||
         code == Code::closed_by_application;  // it was done already
}

void expect_failure(const Trial& trial, const Outcome& good) {
  const auto& [client, server, problems] = trial.outcome;
  EXPECT_TRUE(problems.empty()) << problems.front();
  EXPECT_FALSE(trial.outcome.complete());
  EXPECT_TRUE(told_no_more_before_it_asked_again(client, good.client)) << client.events.back();
  EXPECT_TRUE(told_no_more_before_it_asked_again(server, good.server)) << server.events.back();
  ASSERT_TRUE(client.closed && server.closed);
  EXPECT_EQ(client.thrown + server.thrown, 0);
  // The other side sees a proper end of it: no damaged packet, no message out of order.
  const auto& other = trial.plan.failed_side == Side::client ? server : client;
  EXPECT_TRUE(is_end_of_other_side(other.closed->code)) << describe(other.closed->code);
}

class CryptoFailure : public testing::TestWithParam<Way> {};

TEST_P(CryptoFailure, EachCallInTurn) {
  const auto good = attempt(GetParam(), 0);
  ASSERT_TRUE(good.outcome.complete());
  ASSERT_TRUE(good.outcome.problems.empty()) << good.outcome.problems.front();
  std::map<std::string_view, int> kinds;
  for (std::uint64_t n = 1; n <= good.plan.calls; n += sanitized ? 5 : 1) {
    const auto trial = attempt(GetParam(), n);
    SCOPED_TRACE("call " + std::to_string(n) + ", " + std::string(trial.plan.failed_call) + " of the " +
                 (trial.plan.failed_side == Side::client ? "client" : "server"));
    ASSERT_NE(trial.plan.failed_side, Side::none);
    ++kinds[trial.plan.failed_call];
    expect_failure(trial, good.outcome);
  }
  if (sanitized) return;
  for (const auto* kind : {"random", "method", "initiate", "respond", "finish", "hash", "hash finish", "opener",
                           "sealer", "open", "seal", "acceptable", "verify", "sign"})
    EXPECT_NE(kinds[kind], 0) << kind;
}

INSTANTIATE_TEST_SUITE_P(Faults, CryptoFailure, testing::Values(Way::publickey, Way::password, Way::prompts));

}  // namespace
}  // namespace nacre::test
