// Packet protection by itself: sealing and opening whole packets in place, for each cipher (and MAC) of the provider.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/parts.hpp"

namespace nacre::bench {
namespace {

struct Keys {
  ByteVector key, iv, mac_key;
  explicit Keys(const Suite& suite)
      : key(suite.cipher->key_size), iv(suite.cipher->iv_size), mac_key(suite.mac ? suite.mac->key_size : 0) {}
  PacketKeys view() const { return {key, iv, mac_key}; }
};

// A packet in the clear that carries this many bytes of channel data, to be sealed.
ByteVector clear_packet(const PacketShape& shape, std::size_t data) {
  const std::size_t payload = 9 + data;  // SSH_MSG_CHANNEL_DATA, channel, length (RFC 4254 5.2)
  const std::size_t aligned_head = shape.length_is_aligned ? 4 : 0;
  std::size_t padded = 1 + payload + 4;
  padded += (shape.block - (padded + aligned_head) % shape.block) % shape.block;
  ByteVector packet(4 + padded + shape.tag);
  store_be32(static_cast<std::uint32_t>(padded), packet.data());
  packet[4] = static_cast<std::byte>(padded - payload - 1);
  return packet;
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.SetItemsProcessed(state.iterations());
}

void seal(benchmark::State& state, const Suite& suite) {
  const Keys keys(suite);
  const auto sealer = suite.cipher->sealer(keys.view(), suite.mac);
  if (!sealer) return state.SkipWithError("no sealer");
  auto packet = clear_packet(sealer->shape(), static_cast<std::size_t>(state.range(0)));
  const auto length = load_be32(packet.data());
  std::uint32_t sequence = 0;
  for (auto _ : state) {
    store_be32(length, packet.data());
    if (!sealer->seal(sequence++, packet)) return state.SkipWithError("sealing failed");
  }
  count_bytes(state);
}

// Packets are sealed in batches outside of the measured time, since an opener takes each sequence number once.
void open(benchmark::State& state, const Suite& suite) {
  const Keys keys(suite);
  const auto sealer = suite.cipher->sealer(keys.view(), suite.mac);
  const auto opener = suite.cipher->opener(keys.view(), suite.mac);
  if (!sealer || !opener) return state.SkipWithError("no sealer or opener");
  const auto clear = clear_packet(sealer->shape(), static_cast<std::size_t>(state.range(0)));
  std::vector<ByteVector> batch(64, clear);
  std::uint32_t sequence = 0;
  std::size_t next = batch.size();
  for (auto _ : state) {
    if (next == batch.size()) {
      state.PauseTiming();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        batch[i] = clear;
        if (!sealer->seal(sequence + static_cast<std::uint32_t>(i), batch[i]))
          return state.SkipWithError("sealing failed");
      }
      next = 0;
      state.ResumeTiming();
    }
    auto& packet = batch[next++];
    const auto length = opener->packet_length(sequence, Buffer(packet).first(opener->shape().head));
    benchmark::DoNotOptimize(length);
    if (!opener->open(sequence++, packet)) return state.SkipWithError("opening failed");
  }
  count_bytes(state);
}

}  // namespace

std::string short_name(std::string_view algorithm) { return std::string(algorithm.substr(0, algorithm.find('@'))); }

std::string Suite::name() const { return short_name(cipher->name) + (mac ? "+" + short_name(mac->name) : ""); }

std::vector<Suite> suites(const Provider& provider) {
  std::vector<Suite> all;
  for (const auto& cipher : provider.ciphers) {
    if (cipher.authenticates) {
      all.push_back({&cipher, nullptr});
      continue;
    }
    for (const auto& mac : provider.macs)
      if (mac.by_default) all.push_back({&cipher, &mac});
  }
  return all;
}

void add_packets(const Provider& provider) {
  for (const auto& suite : suites(provider)) {
    for (const auto& [verb, function] : {std::pair{"seal/", &seal}, std::pair{"open/", &open}}) {
      benchmark::RegisterBenchmark((verb + suite.name()).c_str(), *function, suite)
          ->Arg(64)
          ->Arg(1024)
          ->Arg(16384)
          ->Arg(32768);
    }
  }
}

}  // namespace nacre::bench
