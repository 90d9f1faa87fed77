// Plan: what a seed decides before a world begins: how many connections, their links, limits, manners, and mishaps.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "engine/config.hpp"
#include "engine/engine.hpp"
#include "tests/sim/chance.hpp"

namespace nacre::sim {

// What can be left out of a world, to find what a failure needs.
enum Feature : unsigned {
  cuts = 1U << 0,        // links break
  stalls = 1U << 1,      // links stand still for a while
  jumps = 1U << 2,       // all clocks leap
  rekeys = 1U << 3,      // new keys are wanted all the time
  rude = 1U << 4,        // parties that take no heed of others
  silent = 1U << 5,      // parties that stop answering
  tight = 1U << 6,       // small links and small limits
  logins = 1U << 7,      // wrong passwords, several methods, several steps
  requests = 1U << 8,    // requests of all kinds
  odd_times = 1U << 9,   // calls that are wrong when they come, and closing while things are under way
  holding = 1U << 10,    // reads and writes that stay under way for long
  many = 1U << 11,       // more than one connection, more than one channel
  real_keys = 1U << 12,  // Botan instead of the null provider
  sharing = 1U << 13,    // all engines share their buffers
};
constexpr std::array<std::string_view, 14> feature_names{"cuts",    "stalls", "jumps",     "rekeys",   "rude",
                                                         "silent",  "tight",  "logins",    "requests", "odd_times",
                                                         "holding", "many",   "real_keys", "sharing"};

struct Manner {
  bool rude = false;             // consumes nothing or all too late, talks all the time, hangs up
  bool silent = false;           // after a while
  bool patient = true;           // writes again only when told so
  Duration think{};              // between two acts
  Duration answer{};             // the longest that a ticket waits
  Duration consume{};            // the longest that received bytes wait
  std::size_t chunk = 0;         // most bytes of one read or write
  unsigned acts = 0;             // of its own accord
  unsigned channels = 1;         // that it opens
  std::uint64_t most_bytes = 0;  // to a channel's stream
  unsigned rekeys = 0;           // on demand
  bool holds = false;            // reads and writes stay under way
  bool odd = false;              // wrong calls at wrong times
};

struct Mishap {
  enum class Kind { stall, cut, jump, rekey_both } kind;
  TimePoint at;
  std::size_t connection;
  unsigned direction;  // 0 to the server, 1 to the client, 2 both
  Duration length;
};

struct ConnectionPlan {
  std::array<std::size_t, 2> capacity{};
  std::array<Duration, 2> delay{};
  std::array<Limits, 2> limits;  // client, server
  std::array<Manner, 2> manner;
  // Logging in.
  bool publickey = true, password = true, interactive = false;
  unsigned steps = 1;  // methods that must pass
  unsigned wrong_tries = 0;
  bool banner = false;
};

struct Plan {
  bool gentle = true;  // everybody is honest and nothing breaks: then all must arrive, and all must end well
  bool real_keys = false;
  bool sharing = false;
  bool requests = true;
  std::vector<ConnectionPlan> connections;
  std::vector<Mishap> mishaps;      // in the order of their times
  std::optional<TimePoint> cut_at;  // of everything, at the latest
};

constexpr TimePoint dawn = TimePoint{} + std::chrono::hours(1);

Plan make_plan(std::uint64_t seed, unsigned without);

}  // namespace nacre::sim
