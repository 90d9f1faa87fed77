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
  for (const std::string_view bad :
       {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4.", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "12345::", "g::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::8", "+1.2.3.4", "-1::"})
    EXPECT_FALSE(is_address(bad)) << bad;
}

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
