// A provider for sessions by the hundred thousand: real hash and real ciphers, and for the slow things something that
// costs one hash. Its key exchange hides nothing and anybody can sign, but both are bound to every byte that real ones
// are bound to: whatever the exchange hash covers changes the keys, and a signature holds for one message and one key.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/provider.hpp"

namespace nacre::test {

Provider quick_provider(Random& random);

ByteVector quick_key(char name);  // a key of one of the parties
ByteVector quick_signature(Bytes key, Bytes message);

// xorshift64*: even, fast, and the same for the same seed.
class QuickRandom : public Random {
 public:
  explicit QuickRandom(std::uint64_t seed) : state_(seed * 2 + 1) {}
  bool fill(Buffer out) override;
  std::uint64_t next();

 private:
  std::uint64_t state_;
};

// From now on the sizes of all packets sealed under this provider's ciphers are noted there, until null is given.
// It is how a recording learns where encrypted packets begin.
void note_sealed_sizes(std::vector<std::size_t>* into);

}  // namespace nacre::test
