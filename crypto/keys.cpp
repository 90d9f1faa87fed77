// Public keys as blobs: what may stand in them, read without any cryptography (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4).
#include "crypto/keys.hpp"

#include <bit>

#include "crypto/key_fields.hpp"

namespace nacre {

namespace {

std::size_t bits_of(Bytes magnitude) {
  if (magnitude.empty()) return 0;
  return magnitude.size() * 8 - static_cast<std::size_t>(std::countl_zero(std::to_integer<std::uint8_t>(magnitude[0])));
}

bool odd(Bytes magnitude) { return !magnitude.empty() && (magnitude.back() & std::byte{1}) != std::byte{0}; }

bool rsa_sizes_fit(const RsaPublicFields& key) {
  const auto modulus_bits = bits_of(key.n.magnitude);
  const auto exponent_bits = bits_of(key.e.magnitude);
  return modulus_bits >= 2048 && modulus_bits <= 16384 && odd(key.n.magnitude) && exponent_bits >= 2 &&
         exponent_bits <= 32 && odd(key.e.magnitude);
}

bool ecdsa_fits(std::string_view type, const EcdsaPublicFields& key) {
  const auto* curve = find_curve(type);
  return curve != nullptr && key.curve == curve->name && key.point.size() == 1 + 2 * curve->field_bytes &&
         key.point[0] == std::byte{4};
}

}  // namespace

const CurveFacts* find_curve(std::string_view key_type) {
  static constexpr CurveFacts curves[] = {
      {"ecdsa-sha2-nistp256", "nistp256", 32, 256},
      {"ecdsa-sha2-nistp384", "nistp384", 48, 384},
      {"ecdsa-sha2-nistp521", "nistp521", 66, 521},
  };
  for (const auto& curve : curves)
    if (curve.key_type == key_type) return &curve;
  return nullptr;
}

std::optional<PublicKey> PublicKey::parse(Bytes blob) {
  Reader reader(blob);
  std::string_view type;
  reader.read(type);
  bool fits = false;
  if (type == "ssh-ed25519") {
    Bytes point;
    reader.read(point);
    fits = point.size() == 32;
  } else if (type == "ssh-rsa") {
    RsaPublicFields key;
    key.read_from(reader);
    fits = rsa_sizes_fit(key);
  } else {
    EcdsaPublicFields key;
    key.read_from(reader);
    fits = ecdsa_fits(type, key);
  }
  if (!reader.done() || !fits) return std::nullopt;
  return PublicKey(blob);
}

std::string_view PublicKey::type() const {
  std::string_view type;
  Reader(blob_).read(type);
  return type;
}

std::size_t PublicKey::bits() const {
  if (const auto* curve = find_curve(type())) return curve->bits;
  if (type() == "ssh-ed25519") return 256;
  Reader reader(blob_);
  std::string_view type;
  RsaPublicFields key;
  reader.read(type);
  key.read_from(reader);
  return bits_of(key.n.magnitude);
}

}  // namespace nacre
