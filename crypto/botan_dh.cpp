// diffie-hellman-group14-sha256, -group16-sha512, -group18-sha512 (RFC 4253 8, RFC 8268) over the groups of RFC 3526.
#include <botan/bigint.h>
#include <botan/dl_group.h>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"
#include "crypto/shared_secret.hpp"

namespace nacre::parts {

namespace {

// Twice the bits of the longest key to be derived, which has 256 (RFC 4253 8, RFC 4419 6.2): enough, and much faster
// than an exponent as long as the modulus.
constexpr std::size_t exponent_bits = 512;

// One object for all runs: parsing a group and preparing its arithmetic is dear, and it holds no secret.
template <ModpGroup group>
const Botan::DL_Group& modp() {
  constexpr const char* names[] = {"modp/ietf/2048", "modp/ietf/4096", "modp/ietf/8192"};
  static const auto instance = Botan::DL_Group::from_name(names[static_cast<int>(group)]);
  return instance;
}

class DiffieHellman final : public KeyExchange {
 public:
  explicit DiffieHellman(const Botan::DL_Group& group) : group_(group) {}

  std::optional<ByteVector> initiate(Random& random) override {
    return guarded([&]() -> std::optional<ByteVector> {
      exponent_ = draw_exponent(random);
      if (!exponent_) return std::nullopt;
      return public_value(*exponent_);
    });
  }

  std::optional<Secret> finish(Bytes reply) override {
    return guarded([&]() -> std::optional<Secret> {
      if (!exponent_) return std::nullopt;
      const auto exponent = std::exchange(exponent_, std::nullopt);
      return agree(*exponent, reply);
    });
  }

  std::optional<Reply> respond(Random& random, Bytes initial_value) override {
    return guarded([&]() -> std::optional<Reply> {
      const auto exponent = draw_exponent(random);
      if (!exponent) return std::nullopt;
      auto secret = agree(*exponent, initial_value);
      if (!secret) return std::nullopt;
      return Reply{public_value(*exponent), std::move(*secret)};
    });
  }

 private:
  // The highest bit is set, so that no exponent is short.
  static std::optional<Botan::BigInt> draw_exponent(Random& random) {
    Secret drawn(exponent_bits / 8);
    if (!random.fill(drawn.buffer())) return std::nullopt;
    drawn.buffer()[0] |= std::byte{0x80};
    return Botan::BigInt::from_bytes(octets(drawn.bytes()));
  }

  // g^x as the contents of an mpint.
  ByteVector public_value(const Botan::BigInt& exponent) const {
    const auto power = group_.power_g_p(exponent, exponent_bits).serialize();
    const auto encoded = secret_as_mpint(bytes_of(std::span<const std::uint8_t>(power)));
    return copy_of(encoded.bytes().subspan(4));
  }

  std::optional<Secret> agree(const Botan::BigInt& exponent, Bytes value) const {
    Mpint peer;
    if (!Mpint::parse(value, peer) || peer.magnitude.size() > group_.p_bytes()) return std::nullopt;
    const auto power = Botan::BigInt::from_bytes(octets(peer.magnitude));
    if (power <= 1 || power >= group_.get_p() - 1) return std::nullopt;  // RFC 4253 8, RFC 8268 4
    const auto shared = group_.power_b_p(power, exponent, exponent_bits);
    const auto octets_of_shared = shared.serialize<Botan::secure_vector<std::uint8_t>>(group_.p_bytes());
    return secret_as_mpint(bytes_of(std::span<const std::uint8_t>(octets_of_shared)));
  }

  const Botan::DL_Group& group_;
  std::optional<Botan::BigInt> exponent_;
};

}  // namespace

template <ModpGroup group>
std::unique_ptr<KeyExchange> make_dh() {
  return guarded([]() -> std::unique_ptr<KeyExchange> { return std::make_unique<DiffieHellman>(modp<group>()); });
}

template std::unique_ptr<KeyExchange> make_dh<ModpGroup::group14>();
template std::unique_ptr<KeyExchange> make_dh<ModpGroup::group16>();
template std::unique_ptr<KeyExchange> make_dh<ModpGroup::group18>();

}  // namespace nacre::parts
