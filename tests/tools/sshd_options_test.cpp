// The options of nacre-sshd: files, addresses, the dice of MaxStartups, the sequence of methods.
#include "tools/sshd_options.hpp"

#include <gtest/gtest.h>

#include "tools/sshd_login.hpp"

namespace nacre::tools {
namespace {

OptionTable<SshdOptions> table() {
  const Algorithms some = {{"a", "b"}, {"a", "b", "c"}};
  return sshd_option_table({some, some, some, some, some});
}

Problem read(SshdOptions& options, std::string_view text) {
  std::set<std::string> seen;
  return read_sshd_config(table(), options, seen, text);
}

TEST(SshdOptions, AFile) {
  SshdOptions options;
  const auto problem = read(options,
                            "# comment\r\n\nPort 2222\nport 1\nListenAddress [::1]:5\nListenAddress 127.0.0.1\n"
                            "Subsystem sftp /usr/lib/sftp-server -l VERBOSE\nAcceptEnv LANG LC_*\nMaxStartups 3:50:9\n"
                            "LoginGraceTime 1m\nPasswordAuthentication no\nAuthenticationMethods publickey,password\n");
  ASSERT_FALSE(problem) << *problem;
  EXPECT_EQ(options.port, 2222);
  const auto places = listen_places(options);
  ASSERT_TRUE(places);
  ASSERT_EQ(places->size(), 2u);
  EXPECT_EQ((*places)[0].address, "::1");
  EXPECT_EQ((*places)[0].port, 5);
  EXPECT_EQ((*places)[1].port, 2222);
  EXPECT_EQ(options.subsystems[0].second, "/usr/lib/sftp-server -l VERBOSE");
  EXPECT_EQ(options.accept_env, (Names{"LANG", "LC_*"}));
  EXPECT_EQ(options.startups.rate, 50u);
  EXPECT_EQ(server_config(options).limits.login_time, std::chrono::seconds(60));
  EXPECT_FALSE(server_config(options).password);
}

TEST(SshdOptions, MistakesNameTheirLine) {
  for (const auto* bad : {"Port many", "NoSuchOption yes", "Match user x", "ListenAddress 300.1.1.1", "Subsystem sftp",
                          "Ciphers rot13", "MaxStartups 9:1:3", "LoginGraceTime 0", "X11Forwarding yes", "Port",
                          "DenyUsers bob@host.example", "AllowUsers bob@10.0.0.0/33", "DenyUsers bob@10.0.0.256",
                          "DenyUsers bob@", "DenyUsers @::1", "ForceCommand \"\""}) {
    SshdOptions options;
    const auto problem = read(options, std::string("\n") + bad + "\n");
    ASSERT_TRUE(problem) << bad;
    EXPECT_EQ(problem->substr(0, 6), "line 2") << *problem;
  }
}

std::string shown(const SshdOptions& options) {
  std::string text;
  for (const auto& line : table().show(options)) text += line + "\n";
  return text;
}

TEST(SshdOptions, RootByKeyOnlyIsNeitherYesNorNo) {
  for (const auto* word : {"prohibit-password", "without-password"}) {
    SshdOptions options;
    ASSERT_FALSE(read(options, std::string("PermitRootLogin ") + word + "\n"));
    EXPECT_NE(shown(options).find("permitrootlogin prohibit-password\n"), std::string::npos) << word;
  }
  for (const auto* word : {"yes", "no"}) {
    SshdOptions options;
    ASSERT_FALSE(read(options, std::string("PermitRootLogin ") + word + "\n"));
    EXPECT_NE(shown(options).find(std::string("permitrootlogin ") + word + "\n"), std::string::npos);
  }
}

TEST(SshdOptions, UsersByNameAndAddress) {
  const Names patterns = {"al*", "bob@192.0.2.7", "c@d@10.0.0.0/8,!10.1.0.0/16", "eve@2001:db8::/32", "f@*"};
  EXPECT_TRUE(matches_user(patterns, "alice", "203.0.113.1"));
  EXPECT_TRUE(matches_user(patterns, "bob", "192.0.2.7"));
  EXPECT_FALSE(matches_user(patterns, "bob", "192.0.2.70"));
  EXPECT_FALSE(matches_user(patterns, "bob@192.0.2.7", "192.0.2.8"));
  EXPECT_TRUE(matches_user(patterns, "c@d", "10.2.3.4"));
  EXPECT_FALSE(matches_user(patterns, "c@d", "10.1.3.4"));
  EXPECT_TRUE(matches_user(patterns, "eve", "2001:db8::5"));
  EXPECT_FALSE(matches_user(patterns, "eve", "2001:db9::5"));
  EXPECT_TRUE(matches_user(patterns, "f", "unknown"));
  EXPECT_FALSE(matches_user({}, "alice", "192.0.2.7"));
}

TEST(SshdOptions, LoopbackUnlessTold) {
  const auto places = listen_places(SshdOptions{});
  ASSERT_TRUE(places);
  ASSERT_EQ(places->size(), 1u);
  EXPECT_EQ(places->front().address, "127.0.0.1");
}

TEST(SshdOptions, WhatIsShownCanBeReadAgain) {
  SshdOptions options;
  ASSERT_FALSE(
      read(options, "Port 5\nSubsystem sftp x y\nMaxStartups 2:30:8\nRekeyLimit 1M 1h\nForceCommand true -x\n"));
  SshdOptions again;
  const auto problem = read(again, shown(options));
  ASSERT_FALSE(problem) << *problem;
  EXPECT_EQ(again.port, 5);
  EXPECT_EQ(again.startups.full, 8u);
  EXPECT_EQ(again.rekey_limit.bytes, 1u << 20);
  EXPECT_EQ(again.force_command, "true -x");
}

TEST(Startups, NobodyBelowStartEverybodyFromFull) {
  const Startups startups{10, 30, 100};
  EXPECT_FALSE(turn_away(startups, 9, 0));
  EXPECT_TRUE(turn_away(startups, 10, 29));
  EXPECT_FALSE(turn_away(startups, 10, 30));
  EXPECT_TRUE(turn_away(startups, 55, 64));
  EXPECT_FALSE(turn_away(startups, 55, 65));
  EXPECT_TRUE(turn_away(startups, 100, 99));
  EXPECT_TRUE(turn_away({3, 100, 3}, 3, 99));
}

TEST(Methods, InTheirOrder) {
  const Names lists = {"publickey,password", "keyboard-interactive"};
  EXPECT_EQ(verdict_after({}, {}, "password"), AuthVerdict::accept);
  EXPECT_EQ(verdict_after(lists, {}, "publickey"), AuthVerdict::partial);
  EXPECT_EQ(verdict_after(lists, {}, "password"), AuthVerdict::reject);
  EXPECT_EQ(verdict_after(lists, {}, "keyboard-interactive"), AuthVerdict::accept);
  EXPECT_EQ(verdict_after(lists, {"publickey"}, "password"), AuthVerdict::accept);
  EXPECT_EQ(verdict_after(lists, {"publickey"}, "publickey"), AuthVerdict::reject);
  EXPECT_EQ(verdict_after(lists, {"publickey"}, "keyboard-interactive"), AuthVerdict::reject);
}

}  // namespace
}  // namespace nacre::tools
