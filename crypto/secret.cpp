// Wiping and comparing that the optimiser must leave alone.
#include "crypto/secret.hpp"

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace nacre {

void wipe(Buffer bytes) noexcept {
  if (bytes.empty()) return;
  std::memset(bytes.data(), 0, bytes.size());
  // The store is visible to this empty statement, so it may not be dropped as dead.
  asm volatile("" : : "r"(bytes.data()) : "memory");
}

bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  std::uint64_t difference = 0, of_a = 0, of_b = 0;
  const auto add = [&](std::size_t at, auto size) {
    std::memcpy(&of_a, a.data() + at, size);
    std::memcpy(&of_b, b.data() + at, size);
    difference |= of_a ^ of_b;
    asm volatile("" : "+r"(difference));  // no early exit, however clever the optimiser
  };
  constexpr std::integral_constant<std::size_t, sizeof difference> word;
  constexpr std::integral_constant<std::size_t, 1> byte;
  std::size_t done = 0;
  for (; a.size() - done >= word; done += word) add(done, word);
  for (of_a = of_b = 0; done < a.size(); ++done) add(done, byte);
  return difference == 0;
}

}  // namespace nacre
