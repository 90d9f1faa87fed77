// Rekeying and time: what is too often, and what the application's own time is.
#include "tests/engine/pair.hpp"
#include "tests/engine/puppet.hpp"

#include <gtest/gtest.h>

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

// The intervals differ a little, as clocks do: every exchange is the client's idea, and nothing else is said.
TEST(RekeyTimes, R03_AnIdleConnectionMayChangeKeysForDays) {
  PairOptions options;
  options.server.limits.rekey_interval = 1h + 50ms;
  Pair pair(options);
  pair.login();
  pair.run_for(60h + 1min);
  EXPECT_EQ(times(pair.server_events, "KeysExchanged first=0"), 60U);
  EXPECT_EQ(pair.client_closed + pair.server_closed, 0) << pair.client_log() << pair.server_log();
}

// Nine a minute apart are nobody's sport, nine within it are: whatever the time between the last two.
TEST(RekeyTimes, R03_WhatIsTooOftenIsInARow) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role});
    ASSERT_TRUE(puppet.login());
    const auto exchange = [&](std::chrono::milliseconds pause) {
      puppet.advance(pause);
      puppet.send_kex_init();
      puppet.pump();
    };
    for (int i = 0; i < 20; ++i) exchange(60s);
    for (int i = 0; i < 8; ++i) exchange(59s);
    EXPECT_EQ(puppet.closed, 0) << puppet.log();
    exchange(60s);
    for (int i = 0; i < 8; ++i) exchange(59s);
    EXPECT_EQ(puppet.closed, 0) << puppet.log();
    exchange(59s);
    EXPECT_EQ(puppet.code(), Code::rekey_too_often);
  }
}

// With so many requests undecided that nothing is read, the peer's answer to our KEXINIT lies in the inbox.
struct Undecided {
  explicit Undecided(std::size_t number) {
    puppet.on_event = [this](const Event& event) {
      const auto* request = std::get_if<RequestReceived>(&event);
      if (request && request->want_reply) tickets.push_back(request->ticket);
      return request != nullptr;
    };
    EXPECT_TRUE(puppet.login());
    channel = puppet.open();
    for (std::size_t i = 0; i < number; ++i) puppet.send(ChannelRequest{channel, "nobody@example.com", true, {}});
    puppet.pump();
    EXPECT_EQ(tickets.size(), number);
  }
  void answer(std::size_t number) {
    for (std::size_t i = 0; i < number; ++i) {
      EXPECT_EQ(puppet.engine().reply(tickets.at(0), false), Status::ok);
      tickets.erase(tickets.begin());
    }
  }
  Puppet puppet;
  std::uint32_t channel = 0;
  std::vector<Ticket> tickets;
};

TEST(RekeyTimes, UndecidedRequestsTimeNothingOut) {
  Undecided all(Limits{}.undecided_requests);
  auto& puppet = all.puppet;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  puppet.advance(1000s);
  EXPECT_EQ(puppet.closed, 0) << puppet.log();
  EXPECT_EQ(puppet.told("KeysExchanged first=0"), 0U);
  all.answer(1);
  puppet.pump();
  EXPECT_EQ(puppet.told("KeysExchanged first=0"), 1U) << puppet.log();
}

// Time stands still while we think, and goes on where it stood: a peer that asks again and again gains nothing by it.
TEST(RekeyTimes, R03_WhatWeThinkAboutBuysNoTime) {
  Undecided all(Limits{}.undecided_requests - 1);
  auto& puppet = all.puppet;
  puppet.options.hold_kex_init = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  int rounds = 0;
  for (; puppet.closed == 0 && rounds < 100; ++rounds) {
    puppet.send(ChannelRequest{all.channel, "nobody@example.com", true, {}});
    puppet.pump();
    puppet.advance(1000s);  // ours
    EXPECT_EQ(puppet.closed, 0) << rounds;
    all.answer(1);
    puppet.pump();
    puppet.advance(7s);  // the peer's
  }
  EXPECT_EQ(puppet.code(), Code::rekey_timeout);
  EXPECT_EQ(rounds, 9);  // 63 s of its own
}

// What an application says meanwhile is no fault of the peer's: too_much_held counts answers to its messages alone.
TEST(RekeyTimes, OurOwnCommandsDontEndThePeer) {
  Undecided all(Limits{}.undecided_requests - 1);
  auto& puppet = all.puppet;
  puppet.options.hold_kex_init = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  std::size_t taken = 0;
  while (puppet.engine().request(ChannelId{all.channel}, OtherRequest{"x@example.com", {}}, false)) ++taken;
  EXPECT_GE(taken, Limits{}.held_messages / 2);
  all.answer(all.tickets.size());
  for (int i = 0; i < 60; ++i) puppet.send(Ping{bytes_of("x")});
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0) << describe(puppet.code());
  puppet.send_kex_init();
  puppet.pump();
  EXPECT_EQ(puppet.told("KeysExchanged first=0"), 1U) << puppet.log();
  EXPECT_EQ(puppet.count(Pong::number), 60U);
  EXPECT_EQ(puppet.count(ChannelRequest::number), taken);
}

TEST(RekeyTimes, OurOwnBytesDontEndThePeer) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const auto channel = puppet.open();
  puppet.options.hold_kex_init = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  const std::string command(32'480, 'x');
  std::size_t taken = 0;
  while (puppet.engine().request(ChannelId{channel}, ExecRequest{command}, false)) ++taken;
  EXPECT_EQ(taken, 2U);
  for (int i = 0; i < 60; ++i) puppet.send(Ping{bytes_of("x")});
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0) << describe(puppet.code());
  puppet.send_kex_init();
  puppet.pump();
  EXPECT_EQ(puppet.told("KeysExchanged first=0"), 1U) << puppet.log();
  EXPECT_EQ(puppet.count(Pong::number), 60U);
}

}  // namespace
}  // namespace nacre::test
