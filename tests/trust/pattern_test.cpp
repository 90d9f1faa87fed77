// Patterns and addresses, and that hostile patterns cost little.
#include "engine/trust/pattern.hpp"

#include <gtest/gtest.h>

namespace nacre {
namespace {

TEST(Pattern, StarsAndMarks) {
  EXPECT_TRUE(matches_pattern("", ""));
  EXPECT_TRUE(matches_pattern("", "**"));
  EXPECT_FALSE(matches_pattern("", "?"));
  EXPECT_TRUE(matches_pattern("abc", "a*c"));
  EXPECT_TRUE(matches_pattern("abc", "*b*"));
  EXPECT_TRUE(matches_pattern("abcbc", "a*bc"));
  EXPECT_FALSE(matches_pattern("abcb", "a*bc"));
  EXPECT_TRUE(matches_pattern("abc", "???"));
  EXPECT_FALSE(matches_pattern("abc", "??"));
  EXPECT_FALSE(matches_pattern("abc", "ABC"));
}

TEST(Pattern, HostilePatternsEndSoon) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  EXPECT_FALSE(matches_pattern(std::string(10'000, 'a') + "b", pattern));
}

TEST(Pattern, Lists) {
  EXPECT_EQ(matches_pattern_list("LC_ALL", "LANG,LC_*"), ListMatch::yes);
  EXPECT_EQ(matches_pattern_list("LC_ALL", "!LC_ALL,LC_*"), ListMatch::negated);
  EXPECT_EQ(matches_pattern_list("PATH", "LANG,LC_*"), ListMatch::no);
  EXPECT_EQ(matches_pattern_list("PATH", "!LC_*"), ListMatch::no);
  EXPECT_EQ(matches_pattern_list("x", ",,"), ListMatch::no);
}

TEST(Pattern, Addresses) {
  for (const std::string_view good :
       {"1.2.3.4", "::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "fe80::1%eth0", "1:2:3:4:5:6:1.2.3.4"})
    EXPECT_TRUE(is_address(good)) << good;
  for (const std::string_view bad : {"",
                                     "1.2.3",
                                     "1.2.3.4.5",
                                     "1.2.3.256",
                                     "1.2.3.4.",
                                     ":",
                                     ":::",
                                     "1::2::3",
                                     "1:2:3:4:5:6:7",
                                     "1:2:3:4:5:6:7:8:9",
                                     "12345::",
                                     "g::",
                                     "::1.2.3",
                                     "1:2:3:4:5:6:7:1.2.3.4",
                                     "1:2:3:4:5:6:7::8",
                                     "+1.2.3.4",
                                     "-1::",
                                     "1.2.3.4%eth0",
                                     "fe80::1%",
                                     "01.2.3.4",
                                     "1.2.3.00",
                                     "1..2.3",
                                     "::1.2.3.4:5",
                                     "1:2:3:4:5:6:7:8:1.2.3.4",
                                     "::12345",
                                     "1::g"})
    EXPECT_FALSE(is_address(bad)) << bad;
}

struct Case {
  std::string_view peer;
  std::string_view list;
};

TEST(AddressList, WhatIsNegatedStaysOutHoweverItIsWritten) {
  const Case cases[] = {
      {"2001:db8::5", "!2001:DB8::5,2001:db8::/32"},
      {"2001:db8::5", "!2001:db8:0:0::5,2001:db8::/32"},
      {"2001:db8::5", "2001:db8::/32,!2001:0db8::0005"},
      {"2001:db8::5", "!2001:DB8::*,*"},
      {"2001:DB8::5", "!2001:db8::?,*"},
      {"2001:0db8::5", "!2001:db8::5,*"},
      {"::ffff:10.0.0.5", "!10.0.0.5,*"},
      {"::ffff:10.0.0.5", "!10.0.0.*,*"},
      {"::ffff:a00:5", "!10.0.0.5,*"},
      {"::FFFF:10.0.0.5", "!10.0.0.?,*"},
      {"10.0.0.5", "!::ffff:10.0.0.5,*"},
      {"10.0.0.5", "!::ffff:10.0.0.0/104,*"},
      {"10.0.0.5", "!10.0.0.5/32,*"},
      {"fe80::1%eth0", "!fe80::1,fe80::/10"},
      {"fe80::1%eth0", "!fe80::1%eth0,fe80::/10"},
      {"fe80::1%eth0", "!fe80::?,fe80::/10"},
      {"fe80::1%eth0", "!fe80::?%eth*,fe80::/10"},
      {"fe80::1%eth0", "!fe80::%eth0/64,fe80::/10"},
      {"", "!10.0.0.5,*"},
      {"UNKNOWN", "!10.0.0.0/8,*"},
  };
  for (const auto& each : cases)
    EXPECT_EQ(matches_address_list(each.peer, each.list), ListMatch::negated) << each.peer << " " << each.list;
}

TEST(AddressList, ASlipShutsTheList) {
  for (const std::string_view list : {"!10.0.0.256,*",          "!10.0.0,*",         "!010.0.0.5,*",
                                      "!2001:db8:::5,*",        "!fe80::1%,*",       "!10.0.0.5%eth0,*",
                                      "!10.0.0.5 ,*",           "*, 10.0.0.5",       "* ,!\t10.0.0.5",
                                      "*,! 10.0.0.?",           "*,!10.0.0.0/33",    "*,!10.0.0.0/",
                                      "*,!10.0.0.0/8x",         "*,!10.*/8",         "*,!::ffff:10.0.0.0/95",
                                      "*,!::ffff:10.0.0.0/129", "*,!fe80::/10%eth0", "*,host/8",
                                      "!host.test,*",           "*,!*.host.test",    "*,!face"})
    EXPECT_EQ(matches_address_list("10.0.0.5", list), ListMatch::no) << list;
}

TEST(AddressList, WhatIsListedIsLetIn) {
  const Case yes[] = {{"10.0.0.5", "host.test,*.test,10.0.0.5"},
                      {"10.0.0.5", "::ffff:10.0.0.5"},
                      {"10.0.0.5", "::ffff:10.0.0.0/104"},
                      {"::ffff:10.0.0.5", "10.0.0.?"},
                      {"2001:db8::5", "2001:DB8:0::5"},
                      {"fe80::1%eth0", "fe80::1"},
                      {"fe80::1%eth0", "fe80::1%eth0"},
                      {"fe80::1%eth0", "fe80::?%*"},
                      {"fe80::1%eth0", "fe80::%eth0/10"},
                      {"10.0.0.5", "!,10.0.0.5,"},
                      {"10.0.0.5", "!10.0.0.6,*"},
                      {"host.test", "Host.test"},
                      {"10.0.0.5", "!1?.0.0.6,*"}};
  for (const auto& each : yes)
    EXPECT_EQ(matches_address_list(each.peer, each.list), ListMatch::yes) << each.peer << " " << each.list;
  const Case no[] = {
      {"10.0.0.5", "::/0"},          {"fe80::1%eth0", "fe80::1%eth1"}, {"fe80::1%eth0", "fe80::%eth1/10"},
      {"fe80::1", "fe80::1%eth0"},   {"10.0.0.5", "10.0.0.50"},        {"10.0.0.50", "10.0.0.5"},
      {"10.0.0.5", "host.test"},     {"UNKNOWN", "0.0.0.0/0"},         {"1.2.3.4", "1::ffff:1.2.3.4"},
      {"1.2.3.4", "::ff00:1.2.3.4"}, {"1.2.3.4", "::1.2.3.4"},         {"", "10.0.0.5"},
      {"fe80::1%eth0", "fe80::2?"},  {"10.0.0.5", "!10.0.0.6"}};
  for (const auto& each : no)
    EXPECT_EQ(matches_address_list(each.peer, each.list), ListMatch::no) << each.peer << " " << each.list;
}

TEST(Pattern, LettersOfAsciiHaveACase) { EXPECT_EQ(lower_case("@AMZ[`amz{-09.\xc3\x84"), "@amz[`amz{-09.\xc3\x84"); }

TEST(Pattern, LinesAndWords) {
  std::string_view text = "a b\r\n\tc\n";
  auto line = take_line(text);
  EXPECT_EQ(line, "a b");
  EXPECT_EQ(take_word(line), "a");
  EXPECT_EQ(take_word(line), "b");
  EXPECT_EQ(take_word(line), "");
  EXPECT_EQ(trimmed(take_line(text)), "c");
  EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace nacre
