// Blocks of addresses, their penalties and how those pass, and the bounds of the tables. Time is an argument.
#include "tools/sshd_sources.hpp"

#include <gtest/gtest.h>

namespace nacre::tools {
namespace {

using namespace std::chrono_literals;
using Answer = Sources::Answer;

constexpr SourceTime start = SourceTime{} + 1000h;

TEST(Sources, StartupsAreCountedByBlock) {
  SourceRules rules;
  rules.startups = 2;
  rules.bits4 = 24;
  Sources sources(rules);
  sources.begun("192.0.2.1");
  EXPECT_EQ(sources.ask("192.0.2.9", start), Answer::welcome);
  sources.begun("192.0.2.2");
  EXPECT_EQ(sources.ask("192.0.2.3", start), Answer::startups);
  EXPECT_EQ(sources.ask("192.0.3.3", start), Answer::welcome);
  sources.settled("192.0.2.7");
  EXPECT_EQ(sources.ask("192.0.2.3", start), Answer::welcome);
  sources.settled("192.0.2.1");
  sources.settled("192.0.2.1");
  EXPECT_EQ(sources.size(), 0u);
}

TEST(Sources, DeedsAddUpAndAreForgiven) {
  Sources sources(SourceRules{});
  const auto fail = [&](SourceTime now) { return sources.punish("192.0.2.1", Deed::auth_failed, now); };
  EXPECT_FALSE(fail(start));
  EXPECT_FALSE(fail(start));
  EXPECT_FALSE(fail(start));  // 15 s is not more than min
  EXPECT_EQ(sources.ask("192.0.2.1", start), Answer::welcome);
  EXPECT_EQ(fail(start + 1s), 19s);
  EXPECT_FALSE(fail(start + 2s));  // refused already: told once
  EXPECT_EQ(sources.ask("192.0.2.1", start + 2s), Answer::penalty);
  EXPECT_EQ(sources.ask("192.0.2.2", start + 2s), Answer::welcome);
  EXPECT_EQ(sources.ask("192.0.2.1", start + 24s), Answer::penalty);
  EXPECT_EQ(sources.ask("192.0.2.1", start + 25s), Answer::welcome);
  EXPECT_EQ(sources.size(), 0u);
  EXPECT_FALSE(fail(start + 26s));  // and begins anew
}

TEST(Sources, SlowFailuresAreNeverRefused) {
  Sources sources(SourceRules{});
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(sources.punish("::1", Deed::auth_failed, start + i * 5s));
}

TEST(Sources, EachDeedHasItsCostAndMaxIsTheMost) {
  SourceRules rules;
  ASSERT_FALSE(parse_penalties(rules.penalties, "authfail:1m noauth:0 grace-exceeded:30s min:0 max:2m"));
  Sources sources(rules);
  EXPECT_FALSE(sources.punish("192.0.2.1", Deed::no_auth, start));
  EXPECT_EQ(sources.size(), 0u);
  EXPECT_EQ(sources.punish("192.0.2.2", Deed::grace_exceeded, start), 30s);
  for (int i = 0; i < 10; ++i) static_cast<void>(sources.punish("192.0.2.1", Deed::auth_failed, start));
  EXPECT_EQ(sources.ask("192.0.2.1", start + 119s), Answer::penalty);
  EXPECT_EQ(sources.ask("192.0.2.1", start + 120s), Answer::welcome);
}

TEST(Sources, BlocksOfBothFamilies) {
  SourceRules rules;
  ASSERT_FALSE(parse_block_size(rules, "12:56"));
  rules.penalties.min = 0s;
  Sources sources(rules);
  EXPECT_TRUE(sources.punish("10.31.255.255", Deed::auth_failed, start));
  EXPECT_EQ(sources.ask("10.16.0.0", start), Answer::penalty);
  EXPECT_EQ(sources.ask("10.32.0.0", start), Answer::welcome);
  EXPECT_EQ(sources.block_name("10.31.255.255"), "10.16.0.0/12");
  EXPECT_TRUE(sources.punish("2001:db8:0:ff::1%eth0", Deed::auth_failed, start));
  EXPECT_EQ(sources.ask("2001:db8::2", start), Answer::penalty);
  EXPECT_EQ(sources.ask("2001:db8:0:100::1", start), Answer::welcome);
  EXPECT_EQ(sources.block_name("2001:db8::2"), "2001:db8::/56");
  EXPECT_EQ(sources.ask("::ffff:10.16.5.5", start), Answer::penalty);  // the same machine by another name
}

TEST(Sources, WhatIsNoAddressIsNobodys) {
  SourceRules rules;
  rules.startups = 1;
  rules.penalties.min = 0s;
  Sources sources(rules);
  sources.begun("unknown");
  EXPECT_FALSE(sources.punish("unknown", Deed::auth_failed, start));
  EXPECT_EQ(sources.ask("unknown", start), Answer::welcome);
  EXPECT_EQ(sources.size(), 0u);
}

TEST(Sources, TheExemptAreNotPunishedButCounted) {
  SourceRules rules;
  ASSERT_FALSE(parse_exempt(rules, "127.0.0.1,192.0.2.0/24"));
  rules.startups = 1;
  rules.penalties.min = 0s;
  Sources sources(rules);
  EXPECT_FALSE(sources.punish("192.0.2.77", Deed::auth_failed, start));
  EXPECT_TRUE(sources.punish("192.0.3.77", Deed::auth_failed, start));
  sources.begun("127.0.0.1");
  EXPECT_EQ(sources.ask("127.0.0.1", start), Answer::startups);
}

TEST(Sources, NoMeansNoPenalties) {
  SourceRules rules;
  ASSERT_FALSE(parse_penalties(rules.penalties, "no"));
  Sources sources(rules);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(sources.punish("192.0.2.1", Deed::auth_failed, start));
  EXPECT_EQ(sources.size(), 0u);
}

std::string address_of(int number) {
  return "10.0." + std::to_string(number / 256) + "." + std::to_string(number % 256);
}

TEST(Sources, AFullTableForgetsWhoIsFreeFirst) {
  SourceRules rules;
  rules.penalties.min = 0s;
  rules.penalties.max_sources4 = 100;
  Sources sources(rules);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(sources.punish(address_of(i), Deed::auth_failed, start + i * 1ms));
  EXPECT_EQ(sources.size(), 100u);
  EXPECT_EQ(sources.ask(address_of(899), start + 1s), Answer::welcome);
  EXPECT_EQ(sources.ask(address_of(900), start + 1s), Answer::penalty);
}

TEST(Sources, OrLetsNobodyIn) {
  SourceRules rules;
  ASSERT_FALSE(parse_penalties(rules.penalties, "max-sources4:2 overflow:deny-all overflow6:permissive"));
  rules.exempt = "192.0.2.1";
  Sources sources(rules);
  static_cast<void>(sources.punish("10.0.0.1", Deed::auth_failed, start));
  EXPECT_EQ(sources.ask("10.0.0.3", start), Answer::welcome);
  static_cast<void>(sources.punish("10.0.0.2", Deed::auth_failed, start));
  EXPECT_EQ(sources.ask("10.0.0.3", start), Answer::overflow);
  EXPECT_EQ(sources.ask("192.0.2.1", start), Answer::welcome);
  EXPECT_EQ(sources.ask("::1", start), Answer::welcome);
  static_cast<void>(sources.punish("10.0.0.4", Deed::auth_failed, start));
  EXPECT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources.ask("10.0.0.3", start + 5s), Answer::welcome);
}

TEST(Sources, ValuesOfTheOptions) {
  SourceRules rules;
  for (const auto* bad : {"authfail", "authfail:x", "teapot:5", "max-sources4:0", "overflow:perhaps", "no authfail:5"})
    EXPECT_TRUE(parse_penalties(rules.penalties, bad)) << bad;
  for (const auto* bad : {"33", "24:129", "x", "24:"}) EXPECT_TRUE(parse_block_size(rules, bad)) << bad;
  for (const auto* bad :
       {"192.0.2.0/33", "192.0.2.0/", "x/8", "1.2.3.4,::/129", "10.0.0.256", "1.2.3.4,gateway", "!gate*"})
    EXPECT_TRUE(parse_exempt(rules, bad)) << bad;
  EXPECT_FALSE(parse_exempt(rules, "!192.0.2.0/24,2001:db8::/32,10.*"));
  EXPECT_FALSE(parse_penalties(rules.penalties, "crash:2m AuthFail:7 refuseconnection:1 overflow:deny-all"));
  EXPECT_EQ(show(rules.penalties),
            "crash:120 authfail:7 noauth:1 grace-exceeded:10 max:600 refuseconnection:1 min:15 max-sources4:65536 "
            "max-sources6:65536 overflow:deny-all overflow6:deny-all");
  Penalties again;
  EXPECT_FALSE(parse_penalties(again, show(rules.penalties)));
  EXPECT_EQ(show(again), show(rules.penalties));
}

TEST(Seldom, OnceAMinuteAndHowOftenNot) {
  Seldom seldom;
  EXPECT_EQ(seldom.ask(start), 0u);
  EXPECT_FALSE(seldom.ask(start + 1s));
  EXPECT_FALSE(seldom.ask(start + 59s));
  EXPECT_EQ(seldom.ask(start + 60s), 2u);
  EXPECT_FALSE(seldom.ask(start + 61s));
}

}  // namespace
}  // namespace nacre::tools
