// The simulation's program: many seeds, each twice, or one seed with its trace.
//   nacre-sim [--from SEED] [--count WORLDS]            run many; the first failure is looked into and printed
//   nacre-sim SEED [--without FEATURE,FEATURE...]       run one, and print what happens
//   nacre-sim --rude                                    what rude peers make an engine keep

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <string>

#include "tests/sim/rude_peers.hpp"
#include "tests/sim/world.hpp"

namespace nacre::sim {
namespace {

std::string names_of(unsigned features) {
  std::string names;
  for (std::size_t i = 0; i < feature_names.size(); ++i)
    if (features & 1U << i) names += (names.empty() ? "" : ",") + std::string(feature_names[i]);
  return names;
}

unsigned features_of(std::string_view names) {
  unsigned features = 0;
  const NameList list(names);
  for (std::size_t i = 0; i < feature_names.size(); ++i)
    if (list.contains(feature_names[i])) features |= 1U << i;
  return features;
}

// Leaves out whatever the failure does not need.
int explain(std::uint64_t seed, const Outcome& outcome) {
  std::printf("seed %" PRIu64 ": %s\n", seed, outcome.broken.c_str());
  unsigned without = 0;
  for (std::size_t i = 0; i < feature_names.size(); ++i)
    if (!run_world(seed, without | 1U << i).broken.empty()) without |= 1U << i;
  const auto names = names_of(without);
  std::printf("see it happen:  ./dev sim %" PRIu64 "\n", seed);
  if (without != 0) std::printf("and in short:   ./dev sim %" PRIu64 " --without %s\n", seed, names.c_str());
  return 1;
}

int run_one(std::uint64_t seed, unsigned without) {
  const auto outcome = run_world(seed, without, true);
  if (outcome.broken.empty()) return std::printf("seed %" PRIu64 ": all is well\n", seed), 0;
  std::printf("seed %" PRIu64 ": %s\n", seed, outcome.broken.c_str());
  return 1;
}

int run_many(std::uint64_t from, std::uint64_t count) {
  Tally sum;
  std::uint64_t connections = 0;
  for (auto seed = from; seed < from + count; ++seed) {
    const auto outcome = run_world(seed);
    if (!outcome.broken.empty()) return explain(seed, outcome);
    // Twice the same, for some of them: the same calls give the same bytes.
    if (seed % 8 == 0 && run_world(seed).sum != outcome.sum) {
      std::printf("seed %" PRIu64 ": twice the same seed, and not twice the same world\n", seed);
      return 1;
    }
    const auto& one = outcome.tally;
    connections += outcome.connections;
    sum.turns += one.turns, sum.logins += one.logins, sum.channels += one.channels, sum.bytes += one.bytes;
    sum.exchanges += one.exchanges, sum.requests += one.requests, sum.refusals += one.refusals;
    sum.writables += one.writables, sum.parties += one.parties, sum.well_ended += one.well_ended;
    sum.most_memory = std::max(sum.most_memory, one.most_memory);
  }
  std::printf("%" PRIu64 " cases: worlds with %" PRIu64 " connections, %" PRIu64 " logins, %" PRIu64
              " channels (%" PRIu64 " refused), %" PRIu64 " bytes, %" PRIu64 " key exchanges, %" PRIu64
              " requests, %" PRIu64 " times Writable, %" PRIu64 " turns; %" PRIu64 " of %" PRIu64
              " ends in peace; at most %zu bytes in an engine\n",
              count, connections, sum.logins, sum.channels, sum.refusals, sum.bytes, sum.exchanges, sum.requests,
              sum.writables, sum.turns, sum.well_ended, sum.parties, sum.most_memory);
  // A simulation in which nothing happens finds nothing.
  const bool eventful = sum.logins > count && sum.channels > count && sum.bytes > 500 * count &&
                        sum.exchanges > 3 * count && sum.requests > count && sum.writables > count && sum.refusals != 0;
  if (count >= 1'000 && !eventful) return std::printf("these worlds are too quiet to tell anything\n"), 1;
  return 0;
}

int run(int argc, char** argv) {
  std::uint64_t from = 1, count = 1'000;
  std::optional<std::uint64_t> seed;
  unsigned without = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto number = [&](std::string_view text) {
      std::uint64_t value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value);
      return value;
    };
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--from")
      from = number(value), ++i;
    else if (word == "--count")
      count = number(value), ++i;
    else if (word == "--without")
      without = features_of(value), ++i;
    else if (word == "--rude")
      return meet_rude_peers();
    else
      seed = number(word);
  }
  return seed ? run_one(*seed, without) : run_many(from, count);
}

}  // namespace
}  // namespace nacre::sim

int main(int argc, char** argv) { return nacre::sim::run(argc, argv); }
