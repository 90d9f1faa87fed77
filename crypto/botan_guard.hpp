// The one header that sees Botan: its exceptions become results, our Random becomes its generator, bytes change type.
// Only botan_*.cpp files include it.
#pragma once

#include <botan/rng.h>

#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "crypto/random.hpp"
#include "crypto/secret.hpp"

namespace nacre {

// Runs `work`, whose result says "no" by being empty: nothing, null, false. An exception of Botan's says the same; that
// memory has run out is not an answer of its own and passes through.
template <class Work>
std::invoke_result_t<Work> guarded(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    return {};
  }
}

// The same bytes as Botan calls them.
inline std::span<const std::uint8_t> octets(Bytes bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
inline std::span<std::uint8_t> octets(Buffer bytes) {
  return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}
inline Bytes bytes_of(std::span<const std::uint8_t> octets) { return std::as_bytes(octets); }

// Our Random for Botan's functions. A failure of it is an exception there, and `guarded` makes it a result again.
class BotanRandom final : public Botan::RandomNumberGenerator {
 public:
  explicit BotanRandom(Random& random) : random_(random) {}
  bool accepts_input() const override { return false; }
  bool is_seeded() const override { return true; }
  void clear() override {}
  std::string name() const override { return "nacre"; }

 private:
  void fill_bytes_with_input(std::span<std::uint8_t> output, std::span<const std::uint8_t>) override {
    if (!random_.fill(std::as_writable_bytes(output))) throw std::runtime_error("no randomness");
  }

  Random& random_;
};

}  // namespace nacre
