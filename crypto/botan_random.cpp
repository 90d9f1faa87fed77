// The system's generator, and the stream from a seed: ChaCha20 (RFC 8439 2.4, with a 64-bit counter and nonce 0).
#include <botan/stream_cipher.h>
#include <botan/system_rng.h>

#include "crypto/botan_guard.hpp"
#include "crypto/hash.hpp"

namespace nacre {

namespace {

class SystemRandom final : public Random {
 public:
  bool fill(Buffer out) override {
    return guarded([&] {
      Botan::system_rng().randomize(octets(out));
      return true;
    });
  }
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(Bytes seed) : stream_(Botan::StreamCipher::create_or_throw("ChaCha(20)")) {
    auto key = sha256(seed);
    stream_->set_key(octets(Buffer(key)));
    wipe(key);
    const std::array<std::uint8_t, 8> nonce{};
    stream_->set_iv(nonce);
  }

  bool fill(Buffer out) override {
    return guarded([&] {
      stream_->write_keystream(octets(out));
      return true;
    });
  }

 private:
  std::unique_ptr<Botan::StreamCipher> stream_;
};

}  // namespace

std::unique_ptr<Random> system_random() { return std::make_unique<SystemRandom>(); }

std::unique_ptr<Random> seeded_random(Bytes seed) { return std::make_unique<SeededRandom>(seed); }

std::unique_ptr<Random> seeded_random(std::uint64_t seed) {
  std::array<std::byte, 8> bytes;
  store_be64(seed, bytes.data());
  return seeded_random(bytes);
}

}  // namespace nacre
