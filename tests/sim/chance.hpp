// Chance: all that is random in a world, from its seed and a name for what it decides. Each kind of decision has its own
// stream, so that leaving one out changes none of the others.
#pragma once

#include <algorithm>
#include <chrono>
#include <initializer_list>

#include "crypto/random.hpp"

namespace nacre::sim {

using Duration = std::chrono::steady_clock::duration;

class Chance : public Random {
 public:
  Chance(std::uint64_t seed, std::uint64_t kind)
      : state_(seed * 0x9e3779b97f4a7c15U ^ (kind + 1) * 0xd1b54a32d192ed03U) {
    next();
  }

  std::uint64_t next() {  // splitmix64
    auto z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }
  // Small numbers as often as large ones.
  std::uint64_t size_up_to(std::uint64_t most) {
    unsigned bits = 0;
    while (bits < 63 && most >> bits > 1) ++bits;
    return std::min<std::uint64_t>(most, 1 + (next() >> (63 - below(bits + 1))));
  }
  Duration up_to(Duration most) {
    return Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>(most.count()) + 1)));
  }
  bool fill(Buffer out) override {
    for (auto& byte : out) byte = static_cast<std::byte>(next());
    return true;
  }

 private:
  std::uint64_t state_;
};

}  // namespace nacre::sim
