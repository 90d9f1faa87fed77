// Blocks of addresses and their penalties. Each table is bounded: the one of those who have not logged in by the
// connections that there are, the one of penalties by max-sources.
#include "tools/sshd_sources.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "engine/trust/pattern.hpp"

namespace nacre::tools {
namespace {

using std::chrono::seconds;

constexpr auto between_lines = std::chrono::minutes(1);
constexpr std::string_view overflow_names[] = {"permissive", "deny-all"};

struct Duration {
  std::string_view name;
  seconds Penalties::*member;
};
constexpr Duration durations[] = {
    {"crash", &Penalties::crash},    {"authfail", &Penalties::auth_failed},
    {"noauth", &Penalties::no_auth}, {"grace-exceeded", &Penalties::grace_exceeded},
    {"max", &Penalties::max},        {"refuseconnection", &Penalties::refuse_connection},
    {"min", &Penalties::min},
};

struct Count {
  std::string_view name;
  unsigned Penalties::*member;
};
constexpr Count counts[] = {{"max-sources4", &Penalties::max_sources4}, {"max-sources6", &Penalties::max_sources6}};

Problem set_penalty(Penalties& penalties, std::string_view word, bool& told_six) {
  const auto colon = word.find(':');
  const std::string form = "'" + std::string(word) + "' is not of the form name:value, as in authfail:5s";
  if (colon == std::string_view::npos) return form;
  const auto name = in_lower_case(word.substr(0, colon));
  const auto value = word.substr(colon + 1);
  for (const auto& each : durations)
    if (name == each.name) {
      const auto time = parse_time(value);
      if (!time) return time.error();
      penalties.*each.member = *time;
      return std::nullopt;
    }
  for (const auto& each : counts)
    if (name == each.name) {
      const auto number = parse_number(value, 1, 1'000'000);
      if (!number) return number.error();
      penalties.*each.member = static_cast<unsigned>(*number);
      return std::nullopt;
    }
  if (name != "overflow" && name != "overflow6") return "'" + name + "' is no penalty known here";
  const auto choice = parse_choice(value, {overflow_names[0], overflow_names[1]});
  if (!choice) return choice.error();
  const auto overflow = static_cast<Penalties::Overflow>(*choice);
  told_six = told_six || name == "overflow6";
  if (name == "overflow6" || !told_six) penalties.overflow6 = overflow;
  if (name == "overflow") penalties.overflow4 = overflow;
  return std::nullopt;
}

void keep_bits(unsigned char* bytes, std::size_t size, unsigned bits) {
  for (std::size_t i = 0; i < size; ++i) {
    const auto left = bits > i * 8 ? bits - static_cast<unsigned>(i) * 8 : 0;
    if (left < 8) bytes[i] &= static_cast<unsigned char>(0xff00U >> left);
  }
}

}  // namespace

bool can_match_addresses(std::string_view entry) {
  constexpr std::string_view characters = "0123456789abcdefABCDEF.:*?";
  const auto place = entry.substr(entry.starts_with('!') ? 1 : 0);
  const auto address = place.substr(0, place.find('/'));
  const bool is_pattern = address == place && address.find_first_of("*?") != std::string_view::npos;
  if (is_pattern ? address.find_first_not_of(characters) != std::string_view::npos : !is_address(address)) return false;
  // A slip makes a list match nothing, not even what stands beside it.
  constexpr std::string_view probe = "192.0.2.1";
  return matches_address_list(probe, std::string(entry) + "," + std::string(probe)) != ListMatch::no;
}

Problem parse_block_size(SourceRules& rules, std::string_view value) {
  const auto colon = value.find(':');
  const auto four = parse_number(value.substr(0, colon), 0, 32);
  if (!four) return four.error();
  if (colon != std::string_view::npos) {
    const auto six = parse_number(value.substr(colon + 1), 0, 128);
    if (!six) return six.error();
    rules.bits6 = static_cast<unsigned>(*six);
  }
  rules.bits4 = static_cast<unsigned>(*four);
  return std::nullopt;
}

Problem parse_penalties(Penalties& penalties, std::string_view value) {
  const auto words = split_words(value);
  if (!words) return words.error();
  Penalties parsed;
  if (words->size() == 1)
    if (const auto flag = parse_yes_no(words->front())) {
      parsed.on = *flag;
      penalties = parsed;
      return std::nullopt;
    }
  bool told_six = false;
  for (const auto& word : *words)
    if (auto problem = set_penalty(parsed, word, told_six)) return problem;
  penalties = parsed;
  return std::nullopt;
}

Problem parse_exempt(SourceRules& rules, std::string_view value) {
  if (in_lower_case(value) == "none") return rules.exempt.clear(), std::nullopt;
  for (const auto& entry : split_list(value))
    if (!can_match_addresses(entry))
      return "'" + entry + "' is no address, as 192.0.2.0/24, and no pattern of addresses";
  rules.exempt = value;
  return std::nullopt;
}

std::string show(const Penalties& penalties) {
  if (!penalties.on) return "no";
  std::string text;
  for (const auto& each : durations)
    text += std::string(each.name) + ":" + std::to_string((penalties.*each.member).count()) + " ";
  for (const auto& each : counts) text += std::string(each.name) + ":" + std::to_string(penalties.*each.member) + " ";
  text += "overflow:" + std::string(overflow_names[static_cast<std::size_t>(penalties.overflow4)]);
  return text + " overflow6:" + std::string(overflow_names[static_cast<std::size_t>(penalties.overflow6)]);
}

std::string_view name_of(Deed deed) {
  switch (deed) {
    case Deed::no_auth: return "noauth";
    case Deed::auth_failed: return "authfail";
    case Deed::grace_exceeded: break;
  }
  return "grace-exceeded";
}

Sources::Sources(SourceRules rules) : rules_(std::move(rules)) {
  four_.most = rules_.penalties.max_sources4;
  four_.overflow = rules_.penalties.overflow4;
  six_.most = rules_.penalties.max_sources6;
  six_.overflow = rules_.penalties.overflow6;
}

Sources::Answer Sources::ask(std::string_view address, SourceTime now) {
  const auto block = block_of(address);
  if (!block) return Answer::welcome;
  if (rules_.penalties.on && !is_exempt(address)) {
    auto& family = family_of(*block);
    family.forget_expired(now);
    const auto found = family.by_block.find(*block);
    if (found != family.by_block.end() && found->second.refused) return Answer::penalty;
    const bool full = family.by_block.size() >= family.most;
    if (full && family.overflow == Penalties::Overflow::deny_all) return Answer::overflow;
  }
  const auto waiting = waiting_.find(*block);
  const bool too_many = rules_.startups && waiting != waiting_.end() && waiting->second >= *rules_.startups;
  return too_many ? Answer::startups : Answer::welcome;
}

void Sources::begun(std::string_view address) {
  if (const auto block = block_of(address)) ++waiting_[*block];
}

void Sources::settled(std::string_view address) {
  const auto block = block_of(address);
  const auto found = block ? waiting_.find(*block) : waiting_.end();
  if (found != waiting_.end() && --found->second == 0) waiting_.erase(found);
}

std::optional<seconds> Sources::punish(std::string_view address, Deed deed, SourceTime now) {
  const auto block = block_of(address);
  const auto cost = cost_of(deed);
  if (!block || !rules_.penalties.on || cost.count() == 0 || is_exempt(address)) return std::nullopt;
  auto& family = family_of(*block);
  family.forget_expired(now);
  auto found = family.by_block.find(*block);
  if (found == family.by_block.end()) {
    if (family.by_block.size() >= family.most) {
      if (family.overflow == Penalties::Overflow::deny_all) return std::nullopt;
      family.forget_first();
    }
    found = family.by_block.emplace(*block, Penalty{now, false}).first;
  } else {
    family.by_expiry.erase({found->second.expiry, *block});
  }
  auto& penalty = found->second;
  penalty.expiry = std::min(penalty.expiry + cost, now + rules_.penalties.max);
  family.by_expiry.emplace(penalty.expiry, *block);
  const auto left = penalty.expiry - now;
  if (penalty.refused || left <= rules_.penalties.min) return std::nullopt;
  penalty.refused = true;
  return std::chrono::duration_cast<seconds>(left);
}

std::string Sources::block_name(std::string_view address) const {
  const auto block = block_of(address);
  if (!block) return std::string(address);
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(block->six ? AF_INET6 : AF_INET, block->bytes.data(), text.data(), text.size());
  const auto bits = block->six ? rules_.bits6 : rules_.bits4;
  const bool whole = bits == (block->six ? 128U : 32U);
  return text.data() + (whole ? std::string() : "/" + std::to_string(bits));
}

std::size_t Sources::size() const { return waiting_.size() + four_.by_block.size() + six_.by_block.size(); }

std::optional<Sources::Block> Sources::block_of(std::string_view address) const {
  const std::string text(address.substr(0, address.find('%')));  // fe80::1%eth0
  Block block;
  block.six = ::inet_pton(AF_INET6, text.c_str(), block.bytes.data()) == 1;
  if (!block.six && ::inet_pton(AF_INET, text.c_str(), block.bytes.data()) != 1) return std::nullopt;
  static constexpr std::array<unsigned char, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (block.six && std::equal(mapped.begin(), mapped.end(), block.bytes.begin())) {  // ::ffff:192.0.2.1
    std::copy(block.bytes.begin() + 12, block.bytes.end(), block.bytes.begin());
    std::fill(block.bytes.begin() + 4, block.bytes.end(), static_cast<unsigned char>(0));
    block.six = false;
  }
  keep_bits(block.bytes.data(), block.six ? 16 : 4, block.six ? rules_.bits6 : rules_.bits4);
  return block;
}

bool Sources::is_exempt(std::string_view address) const {
  return !rules_.exempt.empty() && matches_address_list(address, rules_.exempt) == ListMatch::yes;
}

seconds Sources::cost_of(Deed deed) const {
  switch (deed) {
    case Deed::no_auth: return rules_.penalties.no_auth;
    case Deed::auth_failed: return rules_.penalties.auth_failed;
    case Deed::grace_exceeded: break;
  }
  return rules_.penalties.grace_exceeded;
}

void Sources::Family::forget_expired(SourceTime now) {
  while (!by_expiry.empty() && by_expiry.begin()->first <= now) forget_first();
}

void Sources::Family::forget_first() {
  by_block.erase(by_expiry.begin()->second);
  by_expiry.erase(by_expiry.begin());
}

std::optional<unsigned> Seldom::ask(SourceTime now) {
  if (last_ && now - *last_ < between_lines) {
    ++held_back_;
    return std::nullopt;
  }
  last_ = now;
  return std::exchange(held_back_, 0U);
}

}  // namespace nacre::tools
