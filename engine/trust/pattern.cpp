// Patterns, address lists, and the cutting of lines and words that the trust files have in common.
#include "engine/trust/pattern.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace nacre {
namespace {

// An address in network order: 4 or 16 bytes.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
};

std::optional<unsigned> number(std::string_view text, int base, unsigned max, std::size_t max_digits) {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || value > max) return std::nullopt;
  return value;
}

std::string_view take_until(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const auto head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

bool parse_v4(std::string_view text, std::uint8_t* into) {
  if (text.ends_with('.')) return false;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && text.empty()) return false;
    const auto value = number(take_until(text, '.'), 10, 255, 3);
    if (!value) return false;
    into[part] = static_cast<std::uint8_t>(*value);
  }
  return text.empty();
}

// Groups of 16 bits with colons between them, the last 32 bits perhaps in IPv4's form. Answers the bytes written.
std::optional<std::size_t> parse_groups(std::string_view text, std::array<std::uint8_t, 16>& into) {
  std::size_t size = 0;
  if (text.empty()) return size;
  for (;;) {
    const bool last = text.find(':') == std::string_view::npos;
    const auto group = take_until(text, ':');
    if (last && group.find('.') != std::string_view::npos) {
      if (size > 12 || !parse_v4(group, into.data() + size)) return std::nullopt;
      return size + 4;
    }
    const auto value = number(group, 16, 0xffff, 4);
    if (!value || size > 14) return std::nullopt;
    into[size++] = static_cast<std::uint8_t>(*value >> 8);
    into[size++] = static_cast<std::uint8_t>(*value & 0xff);
    if (last) return size;
  }
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& into) {
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return parse_groups(text, into) == 16u;
  std::array<std::uint8_t, 16> tail{};
  const auto head_size = parse_groups(text.substr(0, gap), into);
  const auto tail_size = parse_groups(text.substr(gap + 2), tail);
  if (!head_size || !tail_size || *head_size + *tail_size > 14) return false;
  for (auto i = *head_size; i < 16; ++i) into[i] = 0;
  for (std::size_t i = 0; i < *tail_size; ++i) into[16 - *tail_size + i] = tail[i];
  return true;
}

// IPv6 addresses that only wrap an IPv4 one are the IPv4 one: a server on a v6 socket sees v4 peers like that.
std::optional<Address> parse_address(std::string_view text) {
  Address address;
  text = text.substr(0, text.find('%'));
  if (text.find(':') == std::string_view::npos) {
    if (!parse_v4(text, address.bytes.data())) return std::nullopt;
    address.size = 4;
    return address;
  }
  if (!parse_v6(text, address.bytes)) return std::nullopt;
  address.size = 16;
  bool mapped = address.bytes[10] == 0xff && address.bytes[11] == 0xff;
  for (std::size_t i = 0; i < 10; ++i) mapped = mapped && address.bytes[i] == 0;
  if (mapped) {
    for (std::size_t i = 0; i < 4; ++i) address.bytes[i] = address.bytes[12 + i];
    address.size = 4;
  }
  return address;
}

bool same_prefix(const Address& a, const Address& b, unsigned bits) {
  for (std::size_t i = 0; i * 8 < bits; ++i) {
    const auto left = bits - static_cast<unsigned>(i) * 8;
    const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xff : 0xff << (8 - left));
    if (((a.bytes[i] ^ b.bytes[i]) & mask) != 0) return false;
  }
  return true;
}

enum class Judged : std::uint8_t { no, yes, broken };

Judged matches_one_address(std::string_view text, const std::optional<Address>& address, std::string_view pattern) {
  const auto slash = pattern.find('/');
  if (slash == std::string_view::npos) return matches_pattern(text, pattern) ? Judged::yes : Judged::no;
  const auto net = parse_address(pattern.substr(0, slash));
  if (!net) return Judged::broken;
  const auto bits = number(pattern.substr(slash + 1), 10, static_cast<unsigned>(net->size * 8), 3);
  if (!bits) return Judged::broken;
  return address && address->size == net->size && same_prefix(*address, *net, *bits) ? Judged::yes : Judged::no;
}

}  // namespace

bool matches_pattern(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;  // where the last '*' stands, to go back to
  std::size_t resume = 0;                     // and what it has swallowed up to
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

ListMatch matches_pattern_list(std::string_view text, std::string_view patterns) {
  auto answer = ListMatch::no;
  while (!patterns.empty()) {
    auto pattern = take_until(patterns, ',');
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (pattern.empty() || !matches_pattern(text, pattern)) continue;
    if (negated) return ListMatch::negated;
    answer = ListMatch::yes;
  }
  return answer;
}

ListMatch matches_address_list(std::string_view text, std::string_view patterns) {
  const auto address = parse_address(text);
  auto answer = ListMatch::no;
  bool negated_match = false;
  while (!patterns.empty()) {
    auto pattern = take_until(patterns, ',');
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (pattern.empty()) continue;
    const auto judged = matches_one_address(text, address, pattern);
    if (judged == Judged::broken) return ListMatch::no;
    if (judged == Judged::yes && negated) negated_match = true;
    if (judged == Judged::yes && !negated) answer = ListMatch::yes;
  }
  return negated_match ? ListMatch::negated : answer;
}

bool is_address(std::string_view text) { return parse_address(text).has_value(); }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view take_line(std::string_view& text) {
  auto line = take_until(text, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view take_word(std::string_view& text) {
  const auto first = text.find_first_not_of(" \t");
  text.remove_prefix(first == std::string_view::npos ? text.size() : first);
  const auto word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace nacre
