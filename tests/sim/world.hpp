// World: connections and their mishaps in one virtual time, all from one seed.
#pragma once

#include <memory>
#include <string>

#include "tests/sim/party.hpp"

namespace nacre::sim {

struct Outcome {
  std::string broken;     // the promise that was not kept; empty: all were
  std::uint64_t sum = 0;  // of the trace: the same for the same seed
  Tally tally;
  std::size_t connections = 0;
};

// Runs the world of a seed to its end, without the features (plan.hpp) in `without`; a trace is printed on request.
Outcome run_world(std::uint64_t seed, unsigned without = 0, bool print = false);

}  // namespace nacre::sim
