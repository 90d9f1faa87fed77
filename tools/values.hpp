// Values of options as OpenSSH writes them: yes and no, sizes, times, lists of algorithms, words with quotes.
// Each answers the value, or one sentence about what is wrong and what would be right.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/expected.hpp"

namespace nacre::tools {

template <class T>
using Parsed = Expected<T, std::string>;
using Names = std::vector<std::string>;

Parsed<bool> parse_yes_no(std::string_view text);
Parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);
Parsed<std::uint16_t> parse_port(std::string_view text, bool zero_too = false);
// "4096", "64K", "1M", "2G": bytes.
Parsed<std::uint64_t> parse_size(std::string_view text);
// "90", "10m", "1h30m", "2d", "1w": seconds, and nothing more than 68 years.
Parsed<std::chrono::seconds> parse_time(std::string_view text);

// One of the choices, compared without case: its index.
Parsed<std::size_t> parse_choice(std::string_view text, const std::vector<std::string_view>& choices);

// "a,b" stands for itself; "+a,b" appends to the defaults, "-a*,b" removes what matches, "^a,b" puts to the front.
// Every name must be among the supported; the complaint lists them.
Parsed<Names> parse_algorithms(std::string_view text, const Names& defaults, const Names& supported);

// Words with blanks between them; double quotes keep blanks together, a backslash before '"' or '\' takes it as it is.
Parsed<Names> split_words(std::string_view text);

Names split_list(std::string_view text, char separator = ',');

// %h and the like. An unknown letter is an error; %% is '%'.
Parsed<std::string> expand_percent(std::string_view text, const std::map<char, std::string>& values);

// "~/x" and "~" become the home directory's.
std::string expand_home(std::string_view path, std::string_view home);

// "Name=value", "Name value", "Name = \"value\"": name and value, the outer quotes removed.
struct OptionLine {
  std::string name;  // as written
  std::string value;
};
Parsed<OptionLine> parse_option_line(std::string_view line);

std::string in_lower_case(std::string_view text);
std::string join(const Names& names, std::string_view separator = ",");

// RekeyLimit: bytes, then perhaps a time; "default" and "none" leave what the program does by itself.
struct RekeyLimit {
  std::optional<std::uint64_t> bytes;
  std::optional<std::chrono::seconds> time;
};
Parsed<RekeyLimit> parse_rekey_limit(std::string_view text);

}  // namespace nacre::tools
