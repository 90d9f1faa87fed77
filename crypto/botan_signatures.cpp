// Checking signatures: ssh-ed25519 (RFC 8709), ecdsa-sha2-* (RFC 5656 3.1.2), rsa-sha2-* (RFC 8332).
#include <botan/bigint.h>
#include <botan/ec_apoint.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"
#include "crypto/key_fields.hpp"

namespace nacre::parts {

namespace {

// The value inside a signature blob that bears `name` and nothing beside it.
std::optional<Bytes> value_of(Bytes signature, std::string_view name) {
  Reader reader(signature);
  std::string_view inner;
  Bytes value;
  reader.read(inner);
  reader.read(value);
  if (!reader.done() || inner != name) return std::nullopt;
  return value;
}

// The blob as a parsed key of that type, with a reader behind the type's name.
struct TypedKey {
  static std::optional<TypedKey> parse(Bytes blob, std::string_view type) {
    if (const auto key = PublicKey::parse(blob); !key || key->type() != type) return std::nullopt;
    TypedKey typed{Reader(blob)};
    std::string_view skipped;
    typed.fields.read(skipped);
    return typed;
  }
  Reader fields;
};

bool check(const Botan::Public_Key& key, const char* padding, Bytes message, Bytes value) {
  Botan::PK_Verifier verifier(key, padding);
  return verifier.verify_message(octets(message), octets(value));
}

// ---- Ed25519 ----

std::optional<Botan::Ed25519_PublicKey> ed25519_key(Bytes blob) {
  auto typed = TypedKey::parse(blob, "ssh-ed25519");
  if (!typed) return std::nullopt;
  Bytes point;
  typed->fields.read(point);
  return Botan::Ed25519_PublicKey(octets(point));
}

// RFC 8032 5.1.7: S below the group's order, or the same signature has a second form.
bool reduced(Bytes s) {
  static constexpr std::uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                             0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                             0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  for (std::size_t i = 32; i-- > 0;) {
    const auto digit = std::to_integer<std::uint8_t>(s[i]);
    if (digit != order[i]) return digit < order[i];
  }
  return false;
}

// The y of a point with its sign bit cleared, as it is sent: 32 octets, the lowest first.
using Ordinate = std::array<std::uint8_t, 32>;

Ordinate ordinate(Bytes point) {
  Ordinate y;
  std::memcpy(y.data(), point.data(), y.size());
  y[31] &= 0x7f;
  return y;
}

// RFC 8032 5.1.3: y is below p = 2^255 - 19, or the same point has a second encoding.
bool canonical(Bytes point) {
  const auto y = ordinate(point);
  return y[31] != 0x7f || y[0] < 0xed ||
         std::any_of(y.begin() + 1, y.end() - 1, [](auto octet) { return octet != 0xff; });
}

// The eight points whose order divides the cofactor, by the five y they have: signatures "by" such a key are easily made.
bool of_small_order(Bytes point) {
  static constexpr Ordinate small[] = {
      {0},
      {1},
      {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
       0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
      {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
       0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
      {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};
  return std::find(std::begin(small), std::end(small), ordinate(point)) != std::end(small);
}

// ---- ECDSA ----

struct EcdsaFacts {
  std::string_view name;
  const char* group;
  const char* hash;
};
constexpr EcdsaFacts ecdsa_facts[] = {
    {"ecdsa-sha2-nistp256", "secp256r1", "SHA-256"},
    {"ecdsa-sha2-nistp384", "secp384r1", "SHA-384"},
    {"ecdsa-sha2-nistp521", "secp521r1", "SHA-512"},
};

std::optional<Botan::ECDSA_PublicKey> ecdsa_key(Bytes blob, const EcdsaFacts& facts) {
  auto typed = TypedKey::parse(blob, facts.name);
  if (!typed) return std::nullopt;
  EcdsaPublicFields key;
  key.read_from(typed->fields);
  const auto group = Botan::EC_Group::from_name(facts.group);
  const auto point = Botan::EC_AffinePoint::deserialize(group, octets(key.point));
  if (!point || point->is_identity()) return std::nullopt;
  return Botan::ECDSA_PublicKey(group, *point);
}

// r and s side by side, each as long as the order, from the string of two mpints.
std::optional<ByteVector> ecdsa_value(Bytes value, std::size_t order_bytes) {
  Reader reader(value);
  Mpint r, s;
  reader.read(r);
  reader.read(s);
  const auto fits = [&](const Mpint& x) { return !x.magnitude.empty() && x.magnitude.size() <= order_bytes; };
  if (!reader.done() || !fits(r) || !fits(s)) return std::nullopt;
  ByteVector both(2 * order_bytes);
  std::memcpy(both.data() + order_bytes - r.magnitude.size(), r.magnitude.data(), r.magnitude.size());
  std::memcpy(both.data() + 2 * order_bytes - s.magnitude.size(), s.magnitude.data(), s.magnitude.size());
  return both;
}

// ---- RSA ----

std::optional<Botan::RSA_PublicKey> rsa_key(Bytes blob) {
  auto typed = TypedKey::parse(blob, "ssh-rsa");
  if (!typed) return std::nullopt;
  RsaPublicFields key;
  key.read_from(typed->fields);
  return Botan::RSA_PublicKey(Botan::BigInt::from_bytes(octets(key.n.magnitude)),
                              Botan::BigInt::from_bytes(octets(key.e.magnitude)));
}

}  // namespace

bool acceptable_ed25519(Bytes key_blob) {
  auto typed = TypedKey::parse(key_blob, "ssh-ed25519");
  if (!typed) return false;
  Bytes point;
  typed->fields.read(point);
  return canonical(point) && !of_small_order(point);
}

bool verify_ed25519(Bytes key_blob, Bytes message, Bytes signature) {
  return guarded([&] {
    const auto value = value_of(signature, "ssh-ed25519");
    if (!value || value->size() != 64 || !reduced(value->subspan(32))) return false;
    const auto key = ed25519_key(key_blob);
    return key && check(*key, "Pure", message, *value);
  });
}

template <Curve curve>
bool acceptable_ecdsa(Bytes key_blob) {
  return guarded([&] { return ecdsa_key(key_blob, ecdsa_facts[static_cast<int>(curve)]).has_value(); });
}

template <Curve curve>
bool verify_ecdsa(Bytes key_blob, Bytes message, Bytes signature) {
  return guarded([&] {
    const auto& facts = ecdsa_facts[static_cast<int>(curve)];
    const auto value = value_of(signature, facts.name);
    if (!value) return false;
    const auto both = ecdsa_value(*value, find_curve(facts.name)->field_bytes);
    if (!both) return false;
    const auto key = ecdsa_key(key_blob, facts);
    return key && check(*key, facts.hash, message, *both);
  });
}

bool acceptable_rsa(Bytes key_blob) {
  return guarded([&] { return rsa_key(key_blob).has_value(); });
}

template <int hash_bits>
bool verify_rsa(Bytes key_blob, Bytes message, Bytes signature) {
  return guarded([&] {
    const auto value = value_of(signature, hash_bits == 512 ? "rsa-sha2-512" : "rsa-sha2-256");
    if (!value) return false;
    const auto key = rsa_key(key_blob);
    if (!key || value->size() != (key->key_length() + 7) / 8) return false;  // RFC 8332 3
    return check(*key, hash_bits == 512 ? "PKCS1v15(SHA-512)" : "PKCS1v15(SHA-256)", message, *value);
  });
}

template bool acceptable_ecdsa<Curve::p256>(Bytes);
template bool acceptable_ecdsa<Curve::p384>(Bytes);
template bool acceptable_ecdsa<Curve::p521>(Bytes);
template bool verify_ecdsa<Curve::p256>(Bytes, Bytes, Bytes);
template bool verify_ecdsa<Curve::p384>(Bytes, Bytes, Bytes);
template bool verify_ecdsa<Curve::p521>(Bytes, Bytes, Bytes);
template bool verify_rsa<256>(Bytes, Bytes, Bytes);
template bool verify_rsa<512>(Bytes, Bytes, Bytes);

}  // namespace nacre::parts
