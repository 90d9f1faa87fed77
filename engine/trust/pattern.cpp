// Patterns, address lists, and the cutting of lines and words that the trust files have in common.
#include "engine/trust/pattern.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace nacre {
namespace {

// An address in network order: 4 or 16 bytes.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
  bool mapped = false;    // an IPv4 address in the form of an IPv6 one
  std::string_view zone;  // a view into the text; empty where none is named
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
    const auto digits = take_until(text, '.');
    const auto value = number(digits, 10, 255, 3);
    if (!value || (digits.size() > 1 && digits.front() == '0')) return false;  // a zero in front is octal to some
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
  if (text.find(':') == std::string_view::npos) {
    if (!parse_v4(text, address.bytes.data())) return std::nullopt;
    address.size = 4;
    return address;
  }
  if (const auto percent = text.find('%'); percent != std::string_view::npos) {
    address.zone = text.substr(percent + 1);
    if (address.zone.empty()) return std::nullopt;
    text = text.substr(0, percent);
  }
  if (!parse_v6(text, address.bytes)) return std::nullopt;
  address.size = 16;
  address.mapped = address.bytes[10] == 0xff && address.bytes[11] == 0xff &&
                   std::all_of(address.bytes.begin(), address.bytes.begin() + 10, [](auto byte) { return byte == 0; });
  if (address.mapped) {
    std::copy(address.bytes.begin() + 12, address.bytes.end(), address.bytes.begin());
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

// A peer as lists see it.
struct Peer {
  explicit Peer(std::string_view given) : address(parse_address(given)), text(lower_case(given)) {
    if (!address || !address->mapped) return;
    text.clear();
    for (std::size_t i = 0; i < 4; ++i) text += (i == 0 ? "" : ".") + std::to_string(address->bytes[i]);
  }

  std::optional<Address> address;
  std::string text;  // what patterns are held against: an IPv4 address as such, letters in lower case
};

enum class Judged : std::uint8_t { no, yes, broken };

Judged judged(bool matches) { return matches ? Judged::yes : Judged::no; }

Judged judge_pattern(const Peer& peer, const std::string& pattern, bool negated) {
  const auto of_address = std::string_view(pattern).substr(0, pattern.find('%'));
  if (negated && of_address.find_first_not_of("0123456789abcdef:.*?") != std::string_view::npos) return Judged::broken;
  std::string_view text = peer.text;
  if (of_address.size() == pattern.size()) text = text.substr(0, text.find('%'));
  return judged(matches_pattern(text, pattern));
}

Judged judge_entry(const Peer& peer, std::string_view entry, bool negated) {
  const auto slash = entry.find('/');
  const bool whole = slash == std::string_view::npos;
  const auto lower = lower_case(entry);  // but for the zone of an address
  if (whole && entry.find_first_of("*?") != std::string_view::npos) return judge_pattern(peer, lower, negated);
  const auto net = parse_address(entry.substr(0, slash));
  if (!net) {
    const bool name = whole && entry.find_first_of(": \t") == std::string_view::npos &&
                      entry.find_first_not_of("0123456789.") != std::string_view::npos;
    return name && !negated ? judged(peer.text == lower) : Judged::broken;
  }
  const unsigned before = net->mapped ? 96 : 0;  // bits of the prefix that only say that it is mapped
  const auto all = before + static_cast<unsigned>(net->size) * 8;
  const auto bits = whole ? all : number(entry.substr(slash + 1), 10, all, 3);
  if (!bits || *bits < before) return Judged::broken;
  if (!peer.address) return judged(negated);  // who is not known may be the one
  return judged(peer.address->size == net->size && (net->zone.empty() || net->zone == peer.address->zone) &&
                same_prefix(*peer.address, *net, *bits - before));
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
  const Peer peer(text);
  auto answer = ListMatch::no;
  bool negated_match = false;
  while (!patterns.empty()) {
    auto pattern = take_until(patterns, ',');
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (pattern.empty()) continue;
    const auto verdict = judge_entry(peer, pattern, negated);
    if (verdict == Judged::broken) return ListMatch::no;
    if (verdict == Judged::yes && negated) negated_match = true;
    if (verdict == Judged::yes && !negated) answer = ListMatch::yes;
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
