// Trace: what happened in a world, as one number, and as text when somebody reads it.
#pragma once

#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "engine/engine.hpp"

namespace nacre::sim {

class Trace {
 public:
  explicit Trace(bool print) : print_(print) {}

  // A line: when, who, what, and two numbers that belong to it.
  void note(TimePoint now, std::string_view who, std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0) {
    mix(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    for (const auto c : who) mix(static_cast<unsigned char>(c));
    for (const auto c : what) mix(static_cast<unsigned char>(c));
    mix(a);
    mix(b);
    if (!print_) return;
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
    std::printf("%14.6f  %-4.*s %-24.*s %" PRIu64 " %" PRIu64 "\n", static_cast<double>(micros) / 1e6 - 3600,
                static_cast<int>(who.size()), who.data(), static_cast<int>(what.size()), what.data(), a, b);
  }
  // Bytes on a link.
  void bytes(Bytes all) {
    for (; all.size() >= 8; all = all.subspan(8)) mix(load_be64(all.data()));
    for (const auto byte : all) mix(std::to_integer<std::uint64_t>(byte));
  }
  std::uint64_t sum() const { return sum_; }
  bool prints() const { return print_; }

 private:
  void mix(std::uint64_t value) { sum_ = (sum_ ^ value) * 0x100000001b3U ^ sum_ >> 29; }

  bool print_;
  std::uint64_t sum_ = 0xcbf29ce484222325U;
};

}  // namespace nacre::sim
