// Provider: everything the engine knows of cryptography, as tables in order of preference, and the randomness.
// A program can leave rows out, put its own in, or bring a whole table of its own.
#pragma once

#include <span>

#include "crypto/key_exchange.hpp"
#include "crypto/keys.hpp"
#include "crypto/packet_cipher.hpp"
#include "crypto/random.hpp"

namespace nacre {

// A value of views: the tables and the Random must outlive every engine made with it.
struct Provider {
  std::span<const KeyExchangeAlgorithm> key_exchanges;
  std::span<const CipherAlgorithm> ciphers;
  std::span<const MacAlgorithm> macs;
  std::span<const SignatureAlgorithm> signatures;
  Random* random = nullptr;  // must not be null; used by one thread at a time
};

// The row of that name, or null. Names are compared whole.
template <class Algorithm>
const Algorithm* find_algorithm(std::span<const Algorithm> table, std::string_view name) {
  for (const auto& row : table)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace nacre
