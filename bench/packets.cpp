// Packet protection by itself: whole packets sealed and opened in place. Time is CPU time a packet.
//   seal/CIPHER/BYTES, open/CIPHER/BYTES                   ours
//   botan-seal/..., botan-open/...                         Botan's calls alone on the same bytes: bare.hpp
//   openssl-seal/..., openssl-open/...                     the same packets by OpenSSL's libcrypto, where it is installed
// BYTES is channel data in the packet. Packets stand in a batch of about 256 KiB, as they do in an engine's buffers.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/bare.hpp"
#include "bench/parts.hpp"

namespace nacre::bench {
namespace {

// Ours, counting packets as an engine does.
class Own {
 public:
  Own(const Suite& suite, const PacketKeys& keys, bool sealing) {
    if (sealing) sealer_ = suite.cipher->sealer(keys, suite.mac);
    if (!sealing) opener_ = suite.cipher->opener(keys, suite.mac);
  }
  bool seal(Buffer packet) { return sealer_->seal(sequence_++, packet); }
  bool open(Buffer packet) {
    const auto length = opener_->packet_length(sequence_, packet.first(4));
    return length == packet.size() - 4 - opener_->shape().tag && opener_->open(sequence_++, packet).has_value();
  }

 private:
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<Opener> opener_;
  std::uint32_t sequence_ = 0;
};

class Batch {
 public:
  Batch(const Suite& suite, const PacketKeys& keys, std::size_t data)
      : clear_(clear_packet(suite.cipher->sealer(keys, suite.mac)->shape(), data)),
        count_(std::clamp<std::size_t>(256 * 1024 / clear_.size(), 8, 1024)),
        bytes_(count_ * clear_.size()) {
    for (std::size_t i = 0; i < count_; ++i) std::copy(clear_.begin(), clear_.end(), packet(i).begin());
  }
  std::size_t count() const { return count_; }
  Buffer packet(std::size_t i) { return Buffer(bytes_).subspan(i * clear_.size(), clear_.size()); }
  // Makes a packet that has been sealed fit to be sealed again: its length at least is clear.
  void again(Buffer packet) const { std::memcpy(packet.data(), clear_.data(), 5); }

 private:
  ByteVector clear_;
  std::size_t count_;
  ByteVector bytes_;
};

template <class Sealing>
void seal(benchmark::State& state, Sealing& sealing, Batch& batch) {
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(batch.count())))
    for (std::size_t i = 0; i < batch.count(); ++i) {
      batch.again(batch.packet(i));
      if (!sealing.seal(batch.packet(i))) return state.SkipWithError("sealing failed");
    }
}

// A batch is sealed outside of the measured time, since an opener takes each packet once.
template <class Sealing, class Opening>
void open(benchmark::State& state, Sealing& sealing, Opening& opening, Batch& batch) {
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(batch.count()))) {
    state.PauseTiming();
    for (std::size_t i = 0; i < batch.count(); ++i) {
      batch.again(batch.packet(i));
      if (!sealing.seal(batch.packet(i))) return state.SkipWithError("sealing failed");
    }
    state.ResumeTiming();
    for (std::size_t i = 0; i < batch.count(); ++i)
      if (!opening.open(batch.packet(i))) return state.SkipWithError("opening failed");
  }
}

using Maker = std::unique_ptr<Bare> (*)(const Suite&, const PacketKeys&, bool sealing);

void run(benchmark::State& state, const Suite& suite, bool sealing, Maker bare) {
  const Keys keys(suite);
  Batch batch(suite, keys.view(), static_cast<std::size_t>(state.range(0)));
  if (bare) {
    const auto sealer = bare(suite, keys.view(), true);
    const auto opener = bare(suite, keys.view(), false);
    sealing ? seal(state, *sealer, batch) : open(state, *sealer, *opener, batch);
  } else {
    Own sealer(suite, keys.view(), true), opener(suite, keys.view(), false);
    sealing ? seal(state, sealer, batch) : open(state, sealer, opener, batch);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void add(const std::string& name, const Suite& suite, bool sealing, Maker bare) {
  static constexpr std::string_view in_full[] = {"aes128-gcm", "chacha20-poly1305", "aes128-ctr+hmac-sha2-256-etm"};
  const bool full = std::find(std::begin(in_full), std::end(in_full), suite.name()) != std::end(in_full);
  auto* added = benchmark::RegisterBenchmark((name + "/" + suite.name()).c_str(),
                                             [=](benchmark::State& state) { run(state, suite, sealing, bare); });
  for (const int size : {16, 64, 256, 1024, 4096, 16384, 32768})
    if (full || size == 64 || size == 1024 || size >= 16384) added->Arg(size);
}

}  // namespace

void add_packets(const Provider& provider) {
  const Suite first = suites(provider).front();
  const Keys keys(first);
  const bool openssl = openssl_composed(first, keys.view(), true) != nullptr;
  for (const auto& suite : suites(provider))
    for (const bool sealing : {true, false}) {
      const std::string verb = sealing ? "seal" : "open";
      add(verb, suite, sealing, nullptr);
      add("botan-" + verb, suite, sealing, botan_bare);
      if (openssl) add("openssl-" + verb, suite, sealing, openssl_composed);
    }
}

}  // namespace nacre::bench
