// ecdh-sha2-nistp256, -nistp384, -nistp521 (RFC 5656 4). Values are uncompressed points, K is the x coordinate.
#include <botan/ec_apoint.h>
#include <botan/ec_group.h>
#include <botan/ec_scalar.h>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"
#include "crypto/shared_secret.hpp"

namespace nacre::parts {

namespace {

class Ecdh final : public KeyExchange {
 public:
  explicit Ecdh(const char* curve) : group_(Botan::EC_Group::from_name(curve)) {}

  std::optional<ByteVector> initiate(Random& random) override {
    return guarded([&]() -> std::optional<ByteVector> {
      BotanRandom source(random);
      scalar_.emplace(Botan::EC_Scalar::random(group_, source));
      return public_value(*scalar_, source);
    });
  }

  std::optional<Secret> finish(Bytes reply) override {
    return guarded([&]() -> std::optional<Secret> {
      if (!scalar_) return std::nullopt;
      const auto scalar = std::exchange(scalar_, std::nullopt);
      Botan::Null_RNG none;  // blinding protects keys that are used more than once
      return agree(*scalar, reply, none);
    });
  }

  std::optional<Reply> respond(Random& random, Bytes initial_value) override {
    return guarded([&]() -> std::optional<Reply> {
      BotanRandom source(random);
      const auto scalar = Botan::EC_Scalar::random(group_, source);
      auto secret = agree(scalar, initial_value, source);
      if (!secret) return std::nullopt;
      return Reply{public_value(scalar, source), std::move(*secret)};
    });
  }

 private:
  static ByteVector public_value(const Botan::EC_Scalar& scalar, Botan::RandomNumberGenerator& source) {
    const auto point = Botan::EC_AffinePoint::g_mul(scalar, source).serialize_uncompressed();
    return copy_of(bytes_of(std::span<const std::uint8_t>(point)));
  }

  // RFC 5656 4: the point is whole, uncompressed, on the curve and not at infinity. The curves' cofactor is 1.
  std::optional<Secret> agree(const Botan::EC_Scalar& scalar, Bytes value, Botan::RandomNumberGenerator& source) const {
    if (value.size() != 1 + 2 * group_.get_p_bytes() || value[0] != std::byte{4}) return std::nullopt;
    const auto point = Botan::EC_AffinePoint::deserialize(group_, octets(value));
    if (!point || point->is_identity()) return std::nullopt;
    const auto x = point->mul_x_only(scalar, source);
    return secret_as_mpint(bytes_of(std::span<const std::uint8_t>(x)));
  }

  Botan::EC_Group group_;
  std::optional<Botan::EC_Scalar> scalar_;
};

}  // namespace

template <Curve curve>
std::unique_ptr<KeyExchange> make_ecdh() {
  static constexpr const char* names[] = {"secp256r1", "secp384r1", "secp521r1"};
  return guarded(
      []() -> std::unique_ptr<KeyExchange> { return std::make_unique<Ecdh>(names[static_cast<int>(curve)]); });
}

template std::unique_ptr<KeyExchange> make_ecdh<Curve::p256>();
template std::unique_ptr<KeyExchange> make_ecdh<Curve::p384>();
template std::unique_ptr<KeyExchange> make_ecdh<Curve::p521>();

}  // namespace nacre::parts
