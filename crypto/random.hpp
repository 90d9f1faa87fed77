// Random: the one source of randomness, passed in by whoever builds the provider.
#pragma once

#include <cstdint>
#include <memory>

#include "crypto/bytes.hpp"

namespace nacre {

class Random {
 public:
  virtual ~Random() = default;
  // Fills all of `out`, or returns false: then nothing may be done with `out`, and there is no second source to try.
  [[nodiscard]] virtual bool fill(Buffer out) = 0;
};

// The operating system's generator, asked anew for each request. Safe after fork.
std::unique_ptr<Random> system_random();

// A stream that is the same for the same seed, on every machine: for tests, replays and keys from a seed.
// The stream is ChaCha20 keyed with the SHA-256 of the seed, so a secret seed of full entropy makes secret output.
std::unique_ptr<Random> seeded_random(Bytes seed);
std::unique_ptr<Random> seeded_random(std::uint64_t seed);  // the seed's eight bytes, big-endian

}  // namespace nacre
