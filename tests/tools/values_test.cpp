// Values of options: what is taken, and that what is not gets a sentence.
#include "tools/values.hpp"

#include <gtest/gtest.h>

namespace nacre::tools {
namespace {

using std::chrono::seconds;

TEST(Values, YesAndNo) {
  EXPECT_TRUE(*parse_yes_no("Yes"));
  EXPECT_FALSE(*parse_yes_no("no"));
  EXPECT_FALSE(parse_yes_no("perhaps"));
  EXPECT_FALSE(parse_yes_no(""));
}

TEST(Values, Sizes) {
  EXPECT_EQ(*parse_size("4096"), 4096u);
  EXPECT_EQ(*parse_size("64k"), 64u * 1024);
  EXPECT_EQ(*parse_size("1M"), 1u << 20);
  EXPECT_EQ(*parse_size("2G"), std::uint64_t{2} << 30);
  for (const auto* bad : {"", "K", "-1", "1T", "1.5M", "99999999999999999999", "17179869184G", " 1", "1 "})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Values, Times) {
  EXPECT_EQ(*parse_time("90"), seconds(90));
  EXPECT_EQ(*parse_time("10m"), seconds(600));
  EXPECT_EQ(*parse_time("1h30m"), seconds(5400));
  EXPECT_EQ(*parse_time("1w2d3h4m5s"), seconds(788645));
  for (const auto* bad : {"", "m", "1x", "-5", "1h30", "9999999999", "soon", "1 h"})
    EXPECT_EQ(parse_time(bad).has_value(), std::string(bad) == "1h30") << bad;
}

TEST(Values, Ports) {
  EXPECT_EQ(*parse_port("22"), 22);
  EXPECT_EQ(*parse_port("0", true), 0);
  for (const auto* bad : {"0", "65536", "-1", "x", "22x", ""}) EXPECT_FALSE(parse_port(bad)) << bad;
}

TEST(Values, AlgorithmLists) {
  const Names defaults = {"a", "b"};
  const Names all = {"a", "b", "c", "cc"};
  EXPECT_EQ(*parse_algorithms("c,a", defaults, all), (Names{"c", "a"}));
  EXPECT_EQ(*parse_algorithms("+c", defaults, all), (Names{"a", "b", "c"}));
  EXPECT_EQ(*parse_algorithms("^c,b", defaults, all), (Names{"c", "b", "a"}));
  EXPECT_EQ(*parse_algorithms("-b*", defaults, all), (Names{"a"}));
  EXPECT_EQ(*parse_algorithms("a,a", defaults, all), (Names{"a"}));
  EXPECT_FALSE(parse_algorithms("-*", defaults, all));
  EXPECT_FALSE(parse_algorithms("", defaults, all));
  EXPECT_FALSE(parse_algorithms("+", defaults, all));
  const auto unknown = parse_algorithms("rot13", defaults, all);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().find("rot13"), std::string::npos);
  EXPECT_NE(unknown.error().find("a, b, c, cc"), std::string::npos);
}

TEST(Values, Words) {
  EXPECT_EQ(*split_words(" a  \"b c\" d\\\"e \"\""), (Names{"a", "b c", "d\"e", ""}));
  EXPECT_EQ(*split_words(""), Names{});
  EXPECT_FALSE(split_words("\"open"));
}

TEST(Values, OptionLines) {
  for (const auto* line : {"Port=22", "Port 22", "Port = 22", " Port\t22 ", "Port=\"22\""}) {
    const auto option = parse_option_line(line);
    ASSERT_TRUE(option) << line;
    EXPECT_EQ(option->name, "Port") << line;
    EXPECT_EQ(option->value, "22") << line;
  }
  EXPECT_EQ(parse_option_line("ProxyCommand=\"a b\" \"c\"")->value, "\"a b\" \"c\"") << "quotes inside are the value's";
  EXPECT_EQ(parse_option_line("SetEnv=A=b")->value, "A=b");
  EXPECT_FALSE(parse_option_line(""));
  EXPECT_FALSE(parse_option_line("=x"));
  EXPECT_FALSE(parse_option_line("Port"));
}

TEST(Values, PercentAndHome) {
  const std::map<char, std::string> values = {{'h', "host"}, {'p', "22"}};
  EXPECT_EQ(*expand_percent("nc %h %p %%h", values), "nc host 22 %h");
  EXPECT_FALSE(expand_percent("%x", values));
  EXPECT_FALSE(expand_percent("%", values));
  EXPECT_EQ(expand_home("~/x", "/home/a"), "/home/a/x");
  EXPECT_EQ(expand_home("~", "/home/a"), "/home/a");
  EXPECT_EQ(expand_home("~b/x", "/home/a"), "~b/x");
}

TEST(Values, RekeyLimits) {
  const auto limit = parse_rekey_limit("1M 1h");
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->bytes, 1u << 20);
  EXPECT_EQ(limit->time, seconds(3600));
  EXPECT_FALSE(parse_rekey_limit("default none")->bytes);
  EXPECT_EQ(parse_rekey_limit("64K")->bytes, 65536U);
  for (const auto* bad : {"", "many", "1M 1h 2", "1M 0", "5", "63K"}) EXPECT_FALSE(parse_rekey_limit(bad)) << bad;
}

}  // namespace
}  // namespace nacre::tools
