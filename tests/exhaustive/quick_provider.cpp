// The tables: Botan's rows of ciphers with a tap on their sealers, and one row of our own in the others.
#include "tests/exhaustive/quick_provider.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/botan_provider.hpp"
#include "crypto/wire.hpp"

namespace nacre::test {
namespace {

constexpr std::string_view key_type = "ssh-ed25519";
constexpr std::size_t value_size = 32;

ByteVector two_strings(std::string_view first, Bytes second) {
  ByteVector blob;
  VectorSink sink{blob};
  Writer<VectorSink> writer(sink);
  writer.write(first);
  writer.write(second);
  return blob;
}

// ---- the slow things

class QuickKeyExchange : public KeyExchange {
 public:
  std::optional<ByteVector> initiate(Random& random) override {
    initial_.resize(value_size);
    if (!random.fill(initial_)) return std::nullopt;
    return initial_;
  }
  std::optional<Secret> finish(Bytes reply) override {
    if (reply.size() != value_size) return std::nullopt;
    return secret_of(initial_, reply);
  }
  std::optional<Reply> respond(Random& random, Bytes initial_value) override {
    ByteVector value(value_size);
    if (initial_value.size() != value_size || !random.fill(value)) return std::nullopt;
    auto secret = secret_of(initial_value, value);
    return Reply{std::move(value), std::move(secret)};
  }

 private:
  static Secret secret_of(Bytes initial, Bytes reply) {
    ByteVector both = copy_of(initial);
    append(both, reply);
    const auto digest = sha256(both);
    Secret secret(4 + digest.size());
    store_be32(static_cast<std::uint32_t>(digest.size()), secret.buffer().data());
    std::memcpy(secret.buffer().data() + 4, digest.data(), digest.size());
    return secret;
  }
  ByteVector initial_;
};

bool is_quick_key(Bytes blob) {
  Reader reader(blob);
  std::string_view type;
  Bytes value;
  reader.read(type);
  reader.read(value);
  return reader.done() && type == key_type && value.size() == value_size;
}

// ---- the tap

std::vector<std::size_t>* sealed_sizes = nullptr;

class Tap : public Sealer {
 public:
  explicit Tap(std::unique_ptr<Sealer> inner) : inner_(std::move(inner)) {}
  PacketShape shape() const override { return inner_->shape(); }
  bool seal(std::uint32_t sequence, Buffer packet) override {
    if (sealed_sizes != nullptr) sealed_sizes->push_back(packet.size());
    return inner_->seal(sequence, packet);
  }

 private:
  std::unique_ptr<Sealer> inner_;
};

std::span<const CipherAlgorithm> real_ciphers() {
  static QuickRandom unused(0);
  static const auto rows = botan_provider(unused).ciphers;
  return rows;
}

template <std::size_t Row>
std::unique_ptr<Sealer> tapped(const PacketKeys& keys, const MacAlgorithm* mac) {
  auto inner = real_ciphers()[Row].sealer(keys, mac);
  if (!inner || sealed_sizes == nullptr) return inner;
  return std::make_unique<Tap>(std::move(inner));
}

template <std::size_t... Row>
std::vector<CipherAlgorithm> tapped_ciphers(std::index_sequence<Row...>) {
  std::vector<CipherAlgorithm> rows(real_ciphers().begin(), real_ciphers().begin() + sizeof...(Row));
  ((rows[Row].sealer = tapped<Row>), ...);
  return rows;
}

constexpr std::size_t cipher_count = 6;

constexpr std::array exchanges{
    KeyExchangeAlgorithm{"curve25519-sha256", true, [] { return make_hash(HashName::sha256); },
                         [] { return std::unique_ptr<KeyExchange>(std::make_unique<QuickKeyExchange>()); }}};

constexpr std::array signatures{
    SignatureAlgorithm{key_type, key_type, true, is_quick_key, [](Bytes key, Bytes message, Bytes signature) {
                         return is_quick_key(key) && same_bytes(signature, quick_signature(key, message));
                       }}};

}  // namespace

Provider quick_provider(Random& random) {
  static const auto ciphers = tapped_ciphers(std::make_index_sequence<cipher_count>());
  static const auto macs = botan_provider(random).macs;
  return {exchanges, ciphers, macs, signatures, &random};
}

ByteVector quick_key(char name) {
  const std::string value(value_size, name);
  return two_strings(key_type, bytes_of(value));
}

ByteVector quick_signature(Bytes key, Bytes message) {
  auto both = copy_of(key);
  append(both, message);
  return two_strings(key_type, sha256(both));
}

std::uint64_t QuickRandom::next() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545f4914f6cdd1dU;
}

bool QuickRandom::fill(Buffer out) {
  while (!out.empty()) {
    const auto word = next();
    const auto size = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, size);
    out = out.subspan(size);
  }
  return true;
}

void note_sealed_sizes(std::vector<std::size_t>* into) { sealed_sizes = into; }

}  // namespace nacre::test
