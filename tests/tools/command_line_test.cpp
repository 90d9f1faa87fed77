// The command line of nacre-ssh as scp, sftp, rsync, git and people write it; destinations; options by table.
#include <gtest/gtest.h>

#include "tools/ssh_arguments.hpp"
#include "tools/ssh_options.hpp"

namespace nacre::tools {
namespace {

constexpr std::string_view with_value = "BbcDEeFIiJLlmOoPpQRSWw";

CommandLine cut(const Names& words) {
  auto line = split_command_line(words, with_value);
  EXPECT_TRUE(line);
  return line ? *line : CommandLine{};
}

TEST(CommandLine, LettersTogetherAndValuesAttached) {
  const auto line = cut({"-vvp22", "-oA=b", "-l", "me", "-tt", "host"});
  EXPECT_EQ(line.options, (Names{"-v", "-v", "-p", "22", "-o", "A=b", "-l", "me", "-t", "-t"}));
  EXPECT_EQ(line.destination, "host");
  EXPECT_TRUE(line.command.empty());
}

TEST(CommandLine, OptionsMayFollowTheHostAndNeverTheCommand) {
  const auto line = cut({"host", "-p", "22", "ls", "-l", "-p", "x"});
  EXPECT_EQ(line.options, (Names{"-p", "22"}));
  EXPECT_EQ(line.command, (Names{"ls", "-l", "-p", "x"}));
}

TEST(CommandLine, AsSftpAndScpWriteIt) {
  const auto line = cut({"-x", "-oForwardX11=no", "-oPermitLocalCommand=no", "-oClearAllForwardings=yes",
                         "-oForwardAgent=no", "-l", "me", "-s", "--", "host", "sftp"});
  EXPECT_EQ(line.destination, "host");
  EXPECT_EQ(line.command, (Names{"sftp"}));
  EXPECT_EQ(line.options.back(), "-s");
}

TEST(CommandLine, AfterTwoDashesAHostMayLookLikeAnOption) {
  const auto line = cut({"--", "-host", "--", "-x"});
  EXPECT_EQ(line.destination, "-host");
  EXPECT_EQ(line.command, (Names{"-x"}));
}

TEST(CommandLine, AMissingValueIsNamed) {
  const auto line = split_command_line({"host", "-vo"}, with_value);
  ASSERT_FALSE(line);
  EXPECT_NE(line.error().find("-o"), std::string::npos);
}

TEST(Destinations, Forms) {
  struct Case {
    const char* text;
    const char* user;
    const char* host;
    const char* port;
  };
  for (const auto& each :
       {Case{"h", "", "h", ""}, Case{"u@h", "u", "h", ""}, Case{"u@x@h", "u@x", "h", ""}, Case{"::1", "", "::1", ""},
        Case{"[::1]", "", "::1", ""}, Case{"ssh://h", "", "h", ""}, Case{"ssh://u@h:22/", "u", "h", "22"},
        Case{"ssh://[::1]:22", "", "::1", "22"}, Case{"h:22", "", "h:22", ""}}) {
    const auto destination = parse_destination(each.text);
    ASSERT_TRUE(destination) << each.text;
    EXPECT_EQ(destination->user, each.user) << each.text;
    EXPECT_EQ(destination->host, each.host) << each.text;
    EXPECT_EQ(destination->port, each.port) << each.text;
  }
  for (const auto* bad : {"", "@h", "u@", "ssh://", "ssh://h:", "ssh://h/path"})
    EXPECT_FALSE(parse_destination(bad)) << bad;
}

AlgorithmTables tables() {
  const Algorithms some = {{"a", "b"}, {"a", "b", "c"}};
  return {some, some, some, some, some};
}

TEST(SshOptions, TheFirstValueCountsAndCaseDoesNot) {
  const auto table = ssh_option_table(tables());
  SshOptions options;
  std::set<std::string> seen;
  EXPECT_FALSE(table.set(options, seen, "PORT=22"));
  EXPECT_FALSE(table.set(options, seen, "port=23"));
  EXPECT_EQ(options.port, 22);
  EXPECT_FALSE(table.set(options, seen, "IdentityFile=a"));
  EXPECT_FALSE(table.set(options, seen, "IdentityFile=b"));
  EXPECT_EQ(options.identity_files, (Names{"a", "b"}));
}

TEST(SshOptions, WhatAsksForNothingIsTakenAndTheRestIsRefusedByName) {
  const auto table = ssh_option_table(tables());
  SshOptions options;
  std::set<std::string> seen;
  for (const auto* good :
       {"ForwardX11=no", "PermitLocalCommand=no", "ClearAllForwardings=yes", "ForwardAgent=no", "ProxyJump=none",
        "ControlMaster=no", "ControlPath=none", "IdentitiesOnly=yes", "Compression=no", "UpdateHostKeys=no"})
    EXPECT_FALSE(table.set(options, seen, good)) << good;
  for (const auto* bad : {"NoSuchOption=1", "ForwardAgent=yes", "ProxyJump=other", "Compression=yes", "Ciphers=rot13",
                          "ConnectTimeout=soon", "StrictHostKeyChecking=perhaps", "EscapeChar=xy", "SetEnv=novalue"}) {
    seen.clear();
    const auto problem = table.set(options, seen, bad);
    ASSERT_TRUE(problem) << bad;
    EXPECT_NE(problem->find(std::string(bad).substr(0, 5)), std::string::npos) << *problem;
  }
}

TEST(SshOptions, E13NamesThatMeanMoreThanNames) {
  EXPECT_FALSE(check_names("host.example", "me", true));
  EXPECT_FALSE(check_names("::1", "me", false));
  for (const auto* host : {"", "-oProxyCommand=x", "a\nb", "a b", "a\x7f"})
    EXPECT_TRUE(check_names(host, "me", false)) << host;
  for (const auto* host : {"$(x)", "a;b", "`x`", "a|b", "a'b"}) EXPECT_TRUE(check_names(host, "me", true)) << host;
  for (const auto* user :
       {"$(x)", "-x", "a\nb", "a&b", "a -oProxyCommand=x", "a\tb", "a*", "~a", "a#b", "[ab]", "a?", "a!"})
    EXPECT_TRUE(check_names("host", user, true)) << user;
  for (const auto* user : {"me", "me@there", "first.last+tag", "a-b_c", "a%b"})
    EXPECT_FALSE(check_names("host", user, true)) << user;
  for (const auto* user : {"odd\nname", "a b", "-x", "$(x)"})
    EXPECT_FALSE(check_names("host", user, false)) << "to the server it is only a name: " << user;
}

}  // namespace
}  // namespace nacre::tools
