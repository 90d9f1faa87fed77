// What a byte costs when there are many engines in one thread, and many channels in one engine: CPU time for the same bytes,
// in turns of one full packet, the counts interleaved. A program of its own: what is measured is built once and kept. JSON.
//   nacre-bench-scale [ROUNDS]
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <deque>
#include <fstream>
#include <string>
#include <vector>

#include "bench/joined.hpp"

namespace nacre::bench {
namespace {

constexpr std::size_t piece_size = 32 * 1024;
constexpr std::size_t turns = 10'000;  // of each measurement: 312.5 MiB

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Bytes that may still be had.
std::size_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (std::size_t value = 0; file >> name >> value >> unit;)
    if (name == "MemAvailable:") return value * 1024;
  return 0;
}

// Something that moves pieces: nanoseconds of CPU a byte for each time it was asked.
struct Measured {
  std::string name;
  std::vector<double> costs;
};

void tell(std::vector<std::string>& lines, const Measured& measured) {
  std::string line = "  \"" + measured.name + "\": [";
  for (const double cost : measured.costs) line += (line.ends_with('[') ? "" : ", ") + std::to_string(cost);
  lines.push_back(line + "]");
}

class Engines {
 public:
  Engines(World& world, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      pairs_.emplace_back(world);
      if (!pairs_.back().login() || !pairs_.back().open()) return;
      turn(pairs_.back());
    }
  }
  double cost() {
    const auto before = bytes_;
    const auto begin = cpu_seconds();
    for (std::size_t i = 0; i < turns; ++i) turn(pairs_[i % pairs_.size()]);
    return (cpu_seconds() - begin) * 1e9 / static_cast<double>(bytes_ - before);
  }

 private:
  void turn(Joined& pair) {
    bytes_ += pair.client.write(*pair.at_client.channel, piece_);
    pair.up();
    pair.down();
  }
  std::deque<Joined> pairs_;
  const ByteVector piece_ = ByteVector(piece_size, std::byte{'x'});
  std::uint64_t bytes_ = 0;
};

class Channels {
 public:
  Channels(World& world, std::size_t count) : pair_(world) {
    if (!pair_.login()) return;
    for (std::size_t i = 0; i < count && pair_.open(); ++i) ids_.push_back(*pair_.at_client.channel);
    static_cast<void>(cost());
  }
  std::size_t count() const { return ids_.size(); }
  double cost() {
    const auto before = pair_.at_server.bytes;
    const auto begin = cpu_seconds();
    for (std::size_t i = 0; i < turns; ++i) {
      pair_.client.write(ids_[i % ids_.size()], piece_);
      pair_.up();
      pair_.down();
    }
    return (cpu_seconds() - begin) * 1e9 / static_cast<double>(pair_.at_server.bytes - before);
  }

 private:
  Joined pair_;
  std::vector<ChannelId> ids_;
  const ByteVector piece_ = ByteVector(piece_size, std::byte{'x'});
};

void engines(std::vector<std::string>& lines, int rounds) {
  constexpr std::size_t bytes_a_pair = 24 * 1024;  // of both engines, whose buffers are shared
  World world({.limits = unhurried()});
  world.buffers = std::make_shared<Buffers>();
  std::vector<Measured> measured;
  std::deque<Engines> sets;
  for (const std::size_t count : {1, 10, 100, 1000, 10'000}) {
    if (count * bytes_a_pair > available_memory()) {
      lines.push_back("  \"engines without\": " + std::to_string(count));
      continue;
    }
    sets.emplace_back(world, count);
    measured.push_back({"engines/" + std::to_string(count), {}});
  }
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < sets.size(); ++i) measured[i].costs.push_back(sets[i].cost());
  for (const auto& each : measured) tell(lines, each);
}

void channels(std::vector<std::string>& lines, int rounds) {
  auto limits = unhurried();
  limits.channels = limits.sessions = 10'000;
  World world({.limits = limits});
  std::vector<Measured> measured;
  std::deque<Channels> sets;
  for (const std::size_t count : {1, 10, 100, 1000, 10'000}) {
    sets.emplace_back(world, count);
    measured.push_back({"channels/" + std::to_string(sets.back().count()), {}});
  }
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < sets.size(); ++i) measured[i].costs.push_back(sets[i].cost());
  for (const auto& each : measured) tell(lines, each);
}

}  // namespace
}  // namespace nacre::bench

int main(int argc, char** argv) {
  using namespace nacre::bench;
  int rounds = 5;
  if (argc > 1) {
    const std::string text = argv[1];
    if (std::from_chars(text.data(), text.data() + text.size(), rounds).ec != std::errc{} || rounds < 1) return 2;
  }
  std::vector<std::string> lines;
  engines(lines, rounds);
  channels(lines, rounds);
  std::printf("{\n");
  for (std::size_t i = 0; i < lines.size(); ++i)
    std::printf("%s%s\n", lines[i].c_str(), i + 1 < lines.size() ? "," : "");
  std::printf("}\n");
}
