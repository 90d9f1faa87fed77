// Wiping and comparing that the optimiser must leave alone.
#include "crypto/secret.hpp"

namespace nacre {

void wipe(Buffer bytes) noexcept {
  if (bytes.empty()) return;
  std::memset(bytes.data(), 0, bytes.size());
  // The store is visible to this empty statement, so it may not be dropped as dead.
  asm volatile("" : : "r"(bytes.data()) : "memory");
}

bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= std::to_integer<unsigned>(a[i] ^ b[i]);
    asm volatile("" : "+r"(difference));  // no early exit, however clever the optimiser
  }
  return difference == 0;
}

}  // namespace nacre
