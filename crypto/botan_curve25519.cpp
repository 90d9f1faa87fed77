// curve25519-sha256 (RFC 8731) and mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex, FIPS 203).
#include <botan/ml_kem.h>
#include <botan/pubkey.h>
#include <botan/x25519.h>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"
#include "crypto/shared_secret.hpp"

namespace nacre::parts {

namespace {

constexpr std::size_t point_size = 32;
using Shared = Botan::secure_vector<std::uint8_t>;

// One ephemeral key on the curve, good for one agreement.
class X25519 {
 public:
  explicit X25519(Botan::RandomNumberGenerator& random) : key_(random) {}

  void append_public(ByteVector& to) const {
    append(to, bytes_of(std::span<const std::uint8_t>(key_.raw_public_key_bits())));
  }

  std::optional<Shared> agree(Bytes point) const {
    if (point.size() != point_size) return std::nullopt;
    auto shared = key_.agree(octets(point).data(), point.size());
    std::uint8_t any = 0;
    for (const auto octet : shared) any |= octet;
    if (any == 0) return std::nullopt;  // RFC 8731 3: a point of low order
    return shared;
  }

 private:
  Botan::X25519_PrivateKey key_;
};

class Curve25519 final : public KeyExchange {
 public:
  std::optional<ByteVector> initiate(Random& random) override {
    return guarded([&]() -> std::optional<ByteVector> {
      BotanRandom source(random);
      key_.emplace(source);
      ByteVector value;
      key_->append_public(value);
      return value;
    });
  }

  std::optional<Secret> finish(Bytes reply) override {
    return guarded([&]() -> std::optional<Secret> {
      if (!key_) return std::nullopt;
      const auto key = std::exchange(key_, std::nullopt);
      const auto shared = key->agree(reply);
      if (!shared) return std::nullopt;
      return secret_as_mpint(bytes_of(std::span<const std::uint8_t>(*shared)));
    });
  }

  std::optional<Reply> respond(Random& random, Bytes initial_value) override {
    return guarded([&]() -> std::optional<Reply> {
      BotanRandom source(random);
      const X25519 key(source);
      const auto shared = key.agree(initial_value);
      if (!shared) return std::nullopt;
      Reply reply{{}, secret_as_mpint(bytes_of(std::span<const std::uint8_t>(*shared)))};
      key.append_public(reply.value);
      return reply;
    });
  }

 private:
  std::optional<X25519> key_;
};

// FIPS 203 7.2, the modulus check: every 12-bit coefficient of an encapsulation key is below q.
bool reduced(Bytes encapsulation_key) {
  constexpr std::size_t coefficients_size = 3 * 384;
  constexpr unsigned q = 3329;
  bool good = true;
  for (std::size_t i = 0; i < coefficients_size; i += 3) {
    const auto a = std::to_integer<unsigned>(encapsulation_key[i]);
    const auto b = std::to_integer<unsigned>(encapsulation_key[i + 1]);
    const auto c = std::to_integer<unsigned>(encapsulation_key[i + 2]);
    good = good && (a | (b & 15) << 8) < q && (b >> 4 | c << 4) < q;
  }
  return good;
}

// The post-quantum half and the classical one stand behind each other without lengths of their own, and K is the hash
// of both secrets, a string.
class MlKem768X25519 final : public KeyExchange {
 public:
  static constexpr std::size_t kem_key_size = 1184;
  static constexpr std::size_t ciphertext_size = 1088;
  static constexpr auto mode = Botan::ML_KEM_Mode::ML_KEM_768;

  std::optional<ByteVector> initiate(Random& random) override {
    return guarded([&]() -> std::optional<ByteVector> {
      BotanRandom source(random);
      kem_.emplace(source, mode);
      curve_.emplace(source);
      auto value = copy_of(bytes_of(std::span<const std::uint8_t>(kem_->public_key_bits())));
      curve_->append_public(value);
      return value;
    });
  }

  std::optional<Secret> finish(Bytes reply) override {
    return guarded([&]() -> std::optional<Secret> {
      if (!kem_ || !curve_ || reply.size() != ciphertext_size + point_size) return std::nullopt;
      const auto kem = std::exchange(kem_, std::nullopt);
      const auto curve = std::exchange(curve_, std::nullopt);
      Botan::Null_RNG none;  // decapsulation draws nothing
      Botan::PK_KEM_Decryptor decryptor(*kem, none, "Raw");
      const auto quantum_safe = decryptor.decrypt(octets(reply.first(ciphertext_size)), shared_size);
      const auto classical = curve->agree(reply.last(point_size));
      if (!classical) return std::nullopt;
      return combine(quantum_safe, *classical);
    });
  }

  std::optional<Reply> respond(Random& random, Bytes initial_value) override {
    return guarded([&]() -> std::optional<Reply> {
      if (initial_value.size() != kem_key_size + point_size) return std::nullopt;
      const auto kem_key = initial_value.first(kem_key_size);
      if (!reduced(kem_key)) return std::nullopt;
      BotanRandom source(random);
      const Botan::ML_KEM_PublicKey kem(octets(kem_key), mode);
      Botan::PK_KEM_Encryptor encryptor(kem, "Raw");
      const auto sealed = encryptor.encrypt(source, shared_size);
      const X25519 curve(source);
      const auto classical = curve.agree(initial_value.last(point_size));
      if (!classical) return std::nullopt;
      auto secret = combine(sealed.shared_key(), *classical);
      if (!secret) return std::nullopt;
      Reply reply{copy_of(bytes_of(std::span<const std::uint8_t>(sealed.encapsulated_shared_key()))),
                  std::move(*secret)};
      curve.append_public(reply.value);
      return reply;
    });
  }

 private:
  static constexpr std::size_t shared_size = 32;

  static std::optional<Secret> combine(const Shared& quantum_safe, const Shared& classical) {
    Secret digest(32);
    const auto hash = make_hash(HashName::sha256);
    hash->update(bytes_of(std::span<const std::uint8_t>(quantum_safe)));
    hash->update(bytes_of(std::span<const std::uint8_t>(classical)));
    if (!hash->finish(digest.buffer())) return std::nullopt;
    return secret_as_string(digest.bytes());
  }

  std::optional<Botan::ML_KEM_PrivateKey> kem_;
  std::optional<X25519> curve_;
};

}  // namespace

std::unique_ptr<KeyExchange> make_curve25519() { return std::make_unique<Curve25519>(); }
std::unique_ptr<KeyExchange> make_mlkem768_x25519() { return std::make_unique<MlKem768X25519>(); }

}  // namespace nacre::parts
