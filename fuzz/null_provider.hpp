// A provider that protects nothing, so that a fuzzer's bytes reach the protocol behind the keys: one key exchange with a
// constant secret, one cipher that leaves packets as they are, one signature that always verifies. For fuzzing only.
#pragma once

#include "crypto/provider.hpp"

namespace nacre::fuzz {

Provider null_provider(Random& random);

// Counts up: as even as a fuzzer needs, and the same each time.
class CountingRandom : public Random {
 public:
  bool fill(Buffer out) override {
    for (auto& byte : out) byte = static_cast<std::byte>(next_++);
    return true;
  }

 private:
  std::uint8_t next_ = 0;
};

// The one key and the one signature of the null provider, as blobs.
ByteVector null_key();
ByteVector null_signature();

}  // namespace nacre::fuzz
