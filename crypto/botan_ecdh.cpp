// ecdh-sha2-nistp256, -nistp384, -nistp521 (RFC 5656 4). Values are uncompressed points, K is the x coordinate.
#include <botan/ec_group.h>
#include <botan/ecdh.h>
#include <botan/pubkey.h>

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
      key_ = std::make_unique<Botan::ECDH_PrivateKey>(source, group_);
      return public_value(*key_);
    });
  }

  std::optional<Secret> finish(Bytes reply) override {
    return guarded([&]() -> std::optional<Secret> {
      if (!key_) return std::nullopt;
      const auto key = std::move(key_);
      Botan::Null_RNG none;  // blinding protects keys that are used more than once
      return agree(*key, reply, none);
    });
  }

  std::optional<Reply> respond(Random& random, Bytes initial_value) override {
    return guarded([&]() -> std::optional<Reply> {
      BotanRandom source(random);
      const Botan::ECDH_PrivateKey key(source, group_);
      auto secret = agree(key, initial_value, source);
      if (!secret) return std::nullopt;
      return Reply{public_value(key), std::move(*secret)};
    });
  }

 private:
  static ByteVector public_value(const Botan::ECDH_PrivateKey& key) {
    const auto point = key.public_value(Botan::EC_Point_Format::Uncompressed);
    return copy_of(bytes_of(std::span<const std::uint8_t>(point)));
  }

  // RFC 5656 4: the point is whole and uncompressed, which Botan would not insist on, and on the curve, which it does.
  std::optional<Secret> agree(const Botan::ECDH_PrivateKey& key, Bytes point,
                              Botan::RandomNumberGenerator& source) const {
    if (point.size() != 1 + 2 * group_.get_p_bytes() || point[0] != std::byte{4}) return std::nullopt;
    const Botan::PK_Key_Agreement agreement(key, source, "Raw");
    const auto x = agreement.derive_key(0, octets(point));
    return secret_as_mpint(bytes_of(std::span<const std::uint8_t>(x.begin(), x.size())));
  }

  Botan::EC_Group group_;
  std::unique_ptr<Botan::ECDH_PrivateKey> key_;
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
