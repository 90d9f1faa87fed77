// Channel data from one engine to another in one thread. Time is CPU time of both engines together.
//   bulk/CIPHER/HOW/BYTES   HOW: up (client to server, by write), prepared (the same by prepare and commit; nothing is
//                           filled in), both (both ways at once, by write). BYTES: in each call
#include <benchmark/benchmark.h>

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
  for (const auto& suite : suites(provider)) {
    for (const auto& [name, how] : {std::pair{"up", How::up}, {"prepared", How::prepared}, {"both", How::both}}) {
      benchmark::RegisterBenchmark(("bulk/" + suite.name() + "/" + name).c_str(),
                                   [suite, how = how](benchmark::State& state) { bulk(state, suite, how); })
          ->Arg(64)
          ->Arg(1024)
          ->Arg(16384)
          ->Arg(32768)
          ->Unit(benchmark::kMicrosecond);
    }
  }
}

}  // namespace nacre::bench
