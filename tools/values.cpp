// Values of options: parsing, with a sentence for whoever mistyped one.
#include "tools/values.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/trust/pattern.hpp"

namespace nacre::tools {
namespace {

Unexpected<std::string> wrong(std::string text) { return Unexpected<std::string>{std::move(text)}; }

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> times(std::uint64_t value, std::uint64_t factor) {
  if (factor != 0 && value > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  return value * factor;
}

std::uint64_t seconds_of(char unit) {
  switch (unit) {
    case 's':
    case 'S': return 1;
    case 'm':
    case 'M': return 60;
    case 'h':
    case 'H': return 60 * 60;
    case 'd':
    case 'D': return 24 * 60 * 60;
    case 'w':
    case 'W': return 7 * 24 * 60 * 60;
    default: return 0;
  }
}

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add_new(Names& to, const Names& from) {
  for (const auto& name : from)
    if (!contains(to, name)) to.push_back(name);
}

}  // namespace

Parsed<bool> parse_yes_no(std::string_view text) {
  const auto lower = in_lower_case(text);
  if (lower == "yes" || lower == "true" || lower == "on") return true;
  if (lower == "no" || lower == "false" || lower == "off") return false;
  return wrong(quoted(text) + " is neither yes nor no");
}

Parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto value = digits(text);
  if (value && *value >= least && *value <= most) return *value;
  return wrong(quoted(text) + " is not a number from " + std::to_string(least) + " to " + std::to_string(most));
}

Parsed<std::uint16_t> parse_port(std::string_view text, bool zero_too) {
  const auto value = parse_number(text, zero_too ? 0 : 1, 65535);
  if (!value) return wrong(value.error());
  return static_cast<std::uint16_t>(*value);
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t factor = 1;
  auto number = text;
  if (!text.empty()) {
    constexpr std::string_view units = "kmg";
    const auto unit = units.find(static_cast<char>(text.back() | 0x20));
    if (unit != std::string_view::npos) {
      factor = std::uint64_t{1} << (10 * (unit + 1));
      number.remove_suffix(1);
    }
  }
  const auto value = digits(number);
  const auto size = value ? times(*value, factor) : std::nullopt;
  if (size) return *size;
  return wrong(quoted(text) + " is not a size: write a number, with K, M or G after it if you like");
}

Parsed<std::chrono::seconds> parse_time(std::string_view text) {
  constexpr std::uint64_t most = std::numeric_limits<std::int32_t>::max();
  std::uint64_t total = 0;
  auto rest = text;
  bool fits = !text.empty();
  while (fits && !rest.empty()) {
    const auto end = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto value = digits(rest.substr(0, end));
    const auto unit = end < rest.size() ? seconds_of(rest[end]) : 1;
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto part = value ? times(*value, unit) : std::nullopt;
    fits = part && unit != 0 && *part <= most && total + *part <= most;
    if (fits) total += *part;
  }
  if (fits) return std::chrono::seconds(total);
  return wrong(quoted(text) + " is not a time: write seconds, or as in 10m, 1h30m, 2d");
}

Parsed<std::size_t> parse_choice(std::string_view text, const std::vector<std::string_view>& choices) {
  const auto lower = in_lower_case(text);
  std::string all;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (lower == in_lower_case(choices[i])) return i;
    all += (i == 0 ? "" : ", ") + std::string(choices[i]);
  }
  return wrong(quoted(text) + " is none of " + all);
}

Parsed<Names> parse_algorithms(std::string_view text, const Names& defaults, const Names& supported) {
  const char sign = text.empty() ? '\0' : text.front();
  const bool has_sign = sign == '+' || sign == '-' || sign == '^';
  const auto given = split_list(has_sign ? text.substr(1) : text);
  if (given.empty()) return wrong("a list of algorithms is empty; there are " + join(supported, ", "));
  Names names;
  if (sign == '-') {
    for (const auto& name : defaults)
      if (std::none_of(given.begin(), given.end(), [&](const auto& pattern) { return matches_pattern(name, pattern); }))
        names.push_back(name);
    if (names.empty()) return wrong("nothing is left of the algorithms");
    return names;
  }
  for (const auto& name : given)
    if (!contains(supported, name)) return wrong(quoted(name) + " is not among " + join(supported, ", "));
  if (sign == '+') add_new(names, defaults);
  add_new(names, given);
  if (sign == '^') add_new(names, defaults);
  return names;
}

Parsed<Names> split_words(std::string_view text) {
  Names words;
  std::string word;
  bool in_word = false;
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escapes = c == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
    if (!in_quotes && (c == ' ' || c == '\t')) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (escapes)
      word += text[++i];
    else if (c == '"')
      in_quotes = !in_quotes;
    else
      word += c;
  }
  if (in_quotes) return wrong("a quote is not closed in " + quoted(text));
  if (in_word) words.push_back(std::move(word));
  return words;
}

Names split_list(std::string_view text, char separator) {
  Names names;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

Parsed<std::string> expand_percent(std::string_view text, const std::map<char, std::string>& values) {
  std::string expanded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      expanded += text[i];
      continue;
    }
    const char letter = ++i < text.size() ? text[i] : '\0';
    const auto value = values.find(letter);
    if (letter == '%')
      expanded += '%';
    else if (value != values.end())
      expanded += value->second;
    else
      return wrong("'%" + std::string(letter == '\0' ? 0 : 1, letter) + "' is not known in " + quoted(text));
  }
  return expanded;
}

std::string expand_home(std::string_view path, std::string_view home) {
  if (path == "~") return std::string(home);
  if (path.starts_with("~/")) return std::string(home) + std::string(path.substr(1));
  return std::string(path);
}

Parsed<OptionLine> parse_option_line(std::string_view line) {
  line = trimmed(line);
  const auto end = std::min(line.find_first_of("= \t"), line.size());
  OptionLine option{std::string(line.substr(0, end)), {}};
  auto value = trimmed(line.substr(end));
  if (value.starts_with('=')) value = trimmed(value.substr(1));
  const bool whole = value.size() >= 2 && value.front() == '"' && value.find('"', 1) == value.size() - 1;
  option.value = std::string(whole ? value.substr(1, value.size() - 2) : value);
  if (option.name.empty()) return wrong(quoted(line) + " is not of the form Name=value");
  if (option.value.empty() && !whole) return wrong(quoted(option.name) + " has no value");
  return option;
}

std::string in_lower_case(std::string_view text) { return lower_case(text); }

std::string join(const Names& names, std::string_view separator) {
  std::string all;
  for (const auto& name : names) {
    if (!all.empty()) all += separator;
    all += name;
  }
  return all;
}

Parsed<RekeyLimit> parse_rekey_limit(std::string_view text) {
  RekeyLimit limit;
  const auto words = split_words(text);
  if (!words) return wrong(words.error());
  if (words->empty() || words->size() > 2) return wrong("write a size, and a time after it if you like, as in '1G 1h'");
  const auto& size = (*words)[0];
  if (in_lower_case(size) != "default" && in_lower_case(size) != "none") {
    const auto bytes = parse_size(size);
    if (!bytes) return wrong(bytes.error());
    if (*bytes < 64 * 1024)
      return wrong(quoted(size) + " is too little: 64K is the least, as peers take less for a flood of key exchanges");
    limit.bytes = *bytes;
  }
  if (words->size() == 2 && in_lower_case((*words)[1]) != "none") {
    const auto time = parse_time((*words)[1]);
    if (!time) return wrong(time.error());
    if (time->count() == 0) return wrong("a time of 0 between rekeys leaves none for data");
    limit.time = *time;
  }
  return limit;
}

}  // namespace nacre::tools
