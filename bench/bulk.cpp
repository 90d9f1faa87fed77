// Channel data from one engine to another in one thread. Time is CPU time of both engines together.
//   bulk/CIPHER/HOW/BYTES   HOW: up (client to server, by write), prepared (the same by prepare and commit; nothing is
//                           filled in), both (both ways at once, by write). BYTES: in each call
#include <benchmark/benchmark.h>

#include <algorithm>

#include "bench/joined.hpp"
#include "bench/parts.hpp"

namespace nacre::bench {
namespace {

enum class How { up, prepared, both };

// As much as the engine takes now, in pieces.
void fill(Engine& engine, ChannelId channel, Bytes piece, bool prepared) {
  if (!prepared) {
    while (engine.write(channel, piece) == piece.size()) continue;
    return;
  }
  for (;;) {
    const auto place = engine.prepare(channel, piece.size());
    if (!place.empty()) engine.commit(channel, place.size());
    if (place.size() < piece.size()) return;
  }
}

void bulk(benchmark::State& state, const Suite& suite, How how) {
  Choice choice{.cipher = std::string(suite.cipher->name), .limits = unhurried()};
  if (suite.mac) choice.mac = suite.mac->name;
  World world(choice);
  Joined pair(world);
  if (!pair.login() || !pair.open()) return state.SkipWithError("no connection");
  const ByteVector piece(static_cast<std::size_t>(state.range(0)), std::byte{'x'});
  const auto up = *pair.at_client.channel, down = *pair.at_server.channel;
  const auto turn = [&] {
    fill(pair.client, up, piece, how == How::prepared);
    if (how == How::both) fill(pair.server, down, piece, false);
    pair.up();
    pair.down();
  };
  for (int i = 0; i < 20; ++i) turn();  // buffers reach their size
  const auto moved = [&] { return pair.at_server.bytes + pair.at_client.bytes; };
  const auto before = moved();
  for (auto _ : state) turn();
  if (pair.at_client.closed || pair.at_server.closed || moved() == before) return state.SkipWithError("nothing moved");
  state.SetBytesProcessed(static_cast<std::int64_t>(moved() - before));
}

}  // namespace

void add_bulk(const Provider& provider) {
  static constexpr std::string_view wanted[] = {"aes128-gcm", "aes256-gcm", "chacha20-poly1305",
                                                "aes128-ctr+hmac-sha2-256-etm"};
  for (const auto& suite : suites(provider)) {
    if (std::find(std::begin(wanted), std::end(wanted), suite.name()) == std::end(wanted)) continue;
    const auto add = [&suite](const char* name, How how, const std::vector<std::int64_t>& sizes) {
      auto* added = benchmark::RegisterBenchmark(("bulk/" + suite.name() + "/" + name).c_str(),
                                                 [suite, how](benchmark::State& state) { bulk(state, suite, how); });
      for (const auto size : sizes) added->Arg(size);
      added->Unit(benchmark::kMicrosecond);
    };
    add("up", How::up, {64, 256, 1024, 4096, 16384, 32768});
    add("prepared", How::prepared, {1024, 32768});
    add("both", How::both, {32768});
  }
}

}  // namespace nacre::bench
