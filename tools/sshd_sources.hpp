// Who connects to nacre-sshd, by blocks of addresses: how many of a block have not logged in yet, and which blocks are
// refused for a while for what they did (sshd_config(5) PerSourceMaxStartups, PerSourceNetBlockSize, PerSourcePenalties,
// PerSourcePenaltyExemptList). Pure: addresses and times come in, nothing is read or written.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tools/option_table.hpp"
#include "tools/values.hpp"

namespace nacre::tools {

using SourceTime = std::chrono::steady_clock::time_point;

// How long a block is refused for each deed. Deeds add up, to `max` at most; nobody is refused before they make more
// than `min`, and time takes them off again.
struct Penalties {
  enum class Overflow : std::uint8_t { permissive, deny_all };
  bool on = true;
  std::chrono::seconds crash{90};  // read for sshd's sake: here no process crashes for one connection alone
  std::chrono::seconds auth_failed{5};
  std::chrono::seconds no_auth{1};
  std::chrono::seconds grace_exceeded{10};
  std::chrono::seconds refuse_connection{10};  // likewise: RefuseConnection needs Match
  std::chrono::seconds max{600};
  std::chrono::seconds min{15};
  unsigned max_sources4 = 65536;  // blocks remembered, of each family
  unsigned max_sources6 = 65536;
  Overflow overflow4 = Overflow::permissive;  // what happens when one more comes
  Overflow overflow6 = Overflow::permissive;
};

struct SourceRules {
  std::optional<unsigned> startups;  // nothing: as many as MaxStartups lets in
  unsigned bits4 = 32, bits6 = 128;  // of an address that make its block
  Penalties penalties;
  std::string exempt;  // from penalties: a list of addresses, patterns and prefix lengths
};

// The values of the options. Errors say what would be right.
Problem parse_block_size(SourceRules& rules, std::string_view value);
Problem parse_penalties(Penalties& penalties, std::string_view value);
Problem parse_exempt(SourceRules& rules, std::string_view value);
std::string show(const Penalties& penalties);

// Whether an entry of a list of addresses can match: false for what is nearly an address or has a prefix length that is
// none, which would make the whole list match nothing, and for names of hosts, which nobody looks up.
bool can_match_addresses(std::string_view entry);

enum class Deed : std::uint8_t { no_auth, auth_failed, grace_exceeded };
std::string_view name_of(Deed deed);  // as PerSourcePenalties calls it

class Sources {
 public:
  explicit Sources(SourceRules rules);

  enum class Answer : std::uint8_t { welcome, penalty, overflow, startups };
  // Whether one more connection of `address` is let in. What is no address is welcome: it left before it was asked.
  Answer ask(std::string_view address, SourceTime now);

  // A connection has begun; it has logged in, or ended without.
  void begun(std::string_view address);
  void settled(std::string_view address);

  // A connection of `address` has ended so. For how long its block is refused, when it was not refused before.
  std::optional<std::chrono::seconds> punish(std::string_view address, Deed deed, SourceTime now);

  // "192.0.2.0/24": the block of an address, for the log.
  std::string block_name(std::string_view address) const;

  // Blocks that are remembered, of both families and for both purposes.
  std::size_t size() const;

 private:
  struct Block {
    bool six = false;
    std::array<unsigned char, 16> bytes{};
    auto operator<=>(const Block&) const = default;
  };
  struct Penalty {
    SourceTime expiry;
    bool refused = false;
  };
  struct Family {  // of penalties
    std::map<Block, Penalty> by_block;
    std::set<std::pair<SourceTime, Block>> by_expiry;
    unsigned most = 0;
    Penalties::Overflow overflow = Penalties::Overflow::permissive;
    void forget_expired(SourceTime now);
    void forget_first();
  };

  std::optional<Block> block_of(std::string_view address) const;
  bool is_exempt(std::string_view address) const;
  std::chrono::seconds cost_of(Deed deed) const;
  Family& family_of(const Block& block) { return block.six ? six_ : four_; }

  SourceRules rules_;
  Family four_, six_;
  std::map<Block, unsigned> waiting_;
};

// A line that would be said again and again: the first at once, then one a minute at most.
class Seldom {
 public:
  // Nothing: not now. Else how many were not said since the last that was.
  std::optional<unsigned> ask(SourceTime now);

 private:
  std::optional<SourceTime> last_;
  unsigned held_back_ = 0;
};

}  // namespace nacre::tools
