// A wrapper for each kind of part, and tables whose rows point to functions made for each row of the default ones.
#include "tests/faults/faulty_provider.hpp"

#include <array>
#include <utility>

#include "crypto/botan_provider.hpp"
#include "crypto/secret.hpp"

namespace nacre::test {
namespace {

const Provider& genuine() {
  static const auto random = seeded_random(std::uint64_t{0});
  static const Provider provider = botan_provider(*random);
  return provider;
}

class FaultyHash final : public Hash {
 public:
  explicit FaultyHash(std::unique_ptr<Hash> hash) : hash_(std::move(hash)) {}
  std::size_t size() const override { return hash_->size(); }
  void update(Bytes data) override { hash_->update(data); }
  bool finish(Buffer out) override { return !due("hash finish") && hash_->finish(out); }

 private:
  std::unique_ptr<Hash> hash_;
};

class FaultyKeyExchange final : public KeyExchange {
 public:
  explicit FaultyKeyExchange(std::unique_ptr<KeyExchange> method) : method_(std::move(method)) {}
  std::optional<ByteVector> initiate(Random& random) override {
    return due("initiate") ? std::nullopt : method_->initiate(random);
  }
  std::optional<Secret> finish(Bytes reply) override { return due("finish") ? std::nullopt : method_->finish(reply); }
  std::optional<Reply> respond(Random& random, Bytes initial_value) override {
    return due("respond") ? std::nullopt : method_->respond(random, initial_value);
  }

 private:
  std::unique_ptr<KeyExchange> method_;
};

// A wrong tag: as when the hardware computed another one.
class FaultyOpener final : public Opener {
 public:
  explicit FaultyOpener(std::unique_ptr<Opener> opener) : opener_(std::move(opener)) {}
  PacketShape shape() const override { return opener_->shape(); }
  std::uint32_t packet_length(std::uint32_t sequence, Buffer head) override {
    return opener_->packet_length(sequence, head);
  }
  std::optional<Buffer> open(std::uint32_t sequence, Buffer packet) override {
    return due("open") ? std::nullopt : opener_->open(sequence, packet);
  }

 private:
  std::unique_ptr<Opener> opener_;
};

class FaultySealer final : public Sealer {
 public:
  explicit FaultySealer(std::unique_ptr<Sealer> sealer) : sealer_(std::move(sealer)) {}
  PacketShape shape() const override { return sealer_->shape(); }
  bool seal(std::uint32_t sequence, Buffer packet) override { return !due("seal") && sealer_->seal(sequence, packet); }

 private:
  std::unique_ptr<Sealer> sealer_;
};

template <class Faulty, class Part>
std::unique_ptr<Part> wrapped(std::unique_ptr<Part> part) {
  return part ? std::make_unique<Faulty>(std::move(part)) : nullptr;
}

template <std::size_t row>
KeyExchangeAlgorithm faulty_exchange() {
  auto made = genuine().key_exchanges[row];
  made.hash = [] { return due("hash") ? nullptr : wrapped<FaultyHash>(genuine().key_exchanges[row].hash()); };
  made.make = [] { return due("method") ? nullptr : wrapped<FaultyKeyExchange>(genuine().key_exchanges[row].make()); };
  return made;
}

template <std::size_t row>
CipherAlgorithm faulty_cipher() {
  auto made = genuine().ciphers[row];
  made.opener = [](const PacketKeys& keys, const MacAlgorithm* mac) {
    return due("opener") ? nullptr : wrapped<FaultyOpener>(genuine().ciphers[row].opener(keys, mac));
  };
  made.sealer = [](const PacketKeys& keys, const MacAlgorithm* mac) {
    return due("sealer") ? nullptr : wrapped<FaultySealer>(genuine().ciphers[row].sealer(keys, mac));
  };
  return made;
}

template <std::size_t row>
SignatureAlgorithm faulty_signature() {
  auto made = genuine().signatures[row];
  made.acceptable = [](Bytes key) { return !due("acceptable") && genuine().signatures[row].acceptable(key); };
  made.verify = [](Bytes key, Bytes message, Bytes signature) {
    return !due("verify") && genuine().signatures[row].verify(key, message, signature);
  };
  return made;
}

// The rows that the conversations use: one exchange, all ciphers, one signature.
constexpr std::size_t curve25519_row = 1;
constexpr std::size_t ed25519_row = 0;

}  // namespace

bool due(std::string_view call) {
  if (at_work == Side::none || ++fault_plan.calls != fault_plan.fail_at) return false;
  fault_plan.failed_side = at_work;
  fault_plan.failed_call = call;
  return true;
}

Provider faulty_provider(Random& random) {
  static const std::array exchanges{faulty_exchange<curve25519_row>()};
  static const std::array ciphers{faulty_cipher<0>(), faulty_cipher<2>(), faulty_cipher<3>()};
  static const std::array signatures{faulty_signature<ed25519_row>()};
  return {.key_exchanges = exchanges,
          .ciphers = ciphers,
          .macs = genuine().macs,
          .signatures = signatures,
          .random = &random};
}

std::optional<ByteVector> FaultyKey::sign(std::string_view algorithm, Bytes message, Random& random) const {
  const AtWork here(side_);
  if (due("sign")) return std::nullopt;
  return key_->sign(algorithm, message, random);
}

Secret FaultyKey::private_section() const { return key_->private_section(); }

}  // namespace nacre::test
