// Keys that can sign: made, read from the fields of openssh-key-v1, written back. Who verifies what they sign: keys.hpp.
#include <botan/bigint.h>
#include <botan/ec_apoint.h>
#include <botan/ec_group.h>
#include <botan/ec_scalar.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"
#include "crypto/key_fields.hpp"

namespace nacre {

namespace {

using Botan::BigInt;
using parts::Curve;

// A blob or section is written twice: counted, then into a place of that size, so that no copy of a secret is left by
// a growing vector.
template <class Fields>
Secret written(const Fields& fields) {
  CountSink count;
  Writer counting(count);
  fields(counting);
  Secret out(count.count);
  SpanSink sink{out.buffer().data()};
  Writer writing(sink);
  fields(writing);
  return out;
}

std::optional<PublicKey> public_key_of(const Secret& blob) { return PublicKey::parse(blob.bytes()); }

Secret magnitude(const BigInt& number) {
  Secret out(number.bytes());
  number.serialize_to(octets(out.buffer()));
  return out;
}

ByteVector signature_blob(std::string_view algorithm, Bytes value) {
  ByteVector blob;
  VectorSink sink{blob};
  Writer writer(sink);
  writer.write(algorithm);
  writer.write(value);
  return blob;
}

std::vector<std::uint8_t> signed_by(const Botan::Private_Key& key, const char* padding, Bytes message, Random& random) {
  BotanRandom source(random);
  Botan::PK_Signer signer(key, source, padding);
  return signer.sign_message(octets(message), source);
}

// ---- ssh-ed25519 (RFC 8709) ----

// RFC 8410 7: the seed as an OCTET STRING, the one form that every version of Botan takes.
Botan::Ed25519_PrivateKey ed25519_from_seed(Bytes seed) {
  Botan::secure_vector<std::uint8_t> der{0x04, 0x20};
  der.insert(der.end(), octets(seed).begin(), octets(seed).end());
  return Botan::Ed25519_PrivateKey(Botan::AlgorithmIdentifier(), der);
}

class Ed25519Key final : public PrivateKey {
 public:
  static std::unique_ptr<PrivateKey> from_seed(Bytes seed) {
    auto key = ed25519_from_seed(seed);
    const auto point = key.raw_public_key_bits();
    const auto blob = written([&](auto& writer) {
      writer.write("ssh-ed25519");
      writer.write(bytes_of(std::span<const std::uint8_t>(point)));
    });
    auto public_key = public_key_of(blob);
    if (!public_key) return nullptr;
    return std::unique_ptr<PrivateKey>(new Ed25519Key(std::move(key), std::move(*public_key), Secret(seed)));
  }

  static std::unique_ptr<PrivateKey> generate(Random& random) {
    Secret seed(32);
    if (!random.fill(seed.buffer())) return nullptr;
    return from_seed(seed.bytes());
  }

  static std::unique_ptr<PrivateKey> read(Reader& reader) {
    Bytes point, both;
    reader.read(point);
    reader.read(both);
    if (reader.failed() || point.size() != 32 || both.size() != 64 || !same_bytes(point, both.last(32))) return nullptr;
    auto key = from_seed(both.first(32));
    if (!key || !same_bytes(key->public_key().blob().last(32), point)) return nullptr;
    return key;
  }

  const PublicKey& public_key() const override { return public_; }

  std::optional<ByteVector> sign(std::string_view algorithm, Bytes message, Random& random) const override {
    return guarded([&]() -> std::optional<ByteVector> {
      if (algorithm != "ssh-ed25519") return std::nullopt;
      const auto value = signed_by(key_, "Pure", message, random);
      return signature_blob(algorithm, bytes_of(std::span<const std::uint8_t>(value)));
    });
  }

  Secret private_section() const override {
    const auto point = public_.blob().last(32);
    Secret both(64);
    std::memcpy(both.buffer().data(), seed_.bytes().data(), 32);
    std::memcpy(both.buffer().data() + 32, point.data(), 32);
    return written([&](auto& writer) {
      writer.write("ssh-ed25519");
      writer.write(point);
      writer.write(both.bytes());
    });
  }

 private:
  Ed25519Key(Botan::Ed25519_PrivateKey key, PublicKey public_key, Secret seed)
      : key_(std::move(key)), public_(std::move(public_key)), seed_(std::move(seed)) {}

  Botan::Ed25519_PrivateKey key_;
  PublicKey public_;
  Secret seed_;
};

// ---- ecdsa-sha2-* (RFC 5656) ----

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

class EcdsaKey final : public PrivateKey {
 public:
  static std::unique_ptr<PrivateKey> from_scalar(const EcdsaFacts& facts, const Botan::EC_Group& group,
                                                 const Botan::EC_Scalar& scalar) {
    auto key = std::make_unique<Botan::ECDSA_PrivateKey>(group, scalar);
    const auto point = key->raw_public_key_bits();
    const auto blob = written([&](auto& writer) {
      writer.write(facts.name);
      writer.write(find_curve(facts.name)->name);
      writer.write(bytes_of(std::span<const std::uint8_t>(point)));
    });
    auto public_key = public_key_of(blob);
    if (!public_key) return nullptr;
    return std::unique_ptr<PrivateKey>(new EcdsaKey(facts, std::move(key), std::move(*public_key)));
  }

  static std::unique_ptr<PrivateKey> generate(const EcdsaFacts& facts, Random& random) {
    BotanRandom source(random);
    const auto group = Botan::EC_Group::from_name(facts.group);
    return from_scalar(facts, group, Botan::EC_Scalar::random(group, source));
  }

  static std::unique_ptr<PrivateKey> read(const EcdsaFacts& facts, Reader& reader) {
    EcdsaPublicFields fields;
    Mpint number;
    fields.read_from(reader);
    reader.read(number);
    const auto size = find_curve(facts.name)->field_bytes;
    if (reader.failed() || fields.curve != find_curve(facts.name)->name || number.magnitude.size() > size)
      return nullptr;
    Secret fixed(size);
    if (!number.magnitude.empty())
      std::memcpy(fixed.buffer().last(number.magnitude.size()).data(), number.magnitude.data(),
                  number.magnitude.size());
    const auto group = Botan::EC_Group::from_name(facts.group);
    const auto scalar = Botan::EC_Scalar::deserialize(group, octets(fixed.bytes()));
    if (!scalar || scalar->is_zero()) return nullptr;
    auto key = from_scalar(facts, group, *scalar);
    if (!key || !same_bytes(key->public_key().blob().last(1 + 2 * size), fields.point)) return nullptr;
    return key;
  }

  const PublicKey& public_key() const override { return public_; }

  std::optional<ByteVector> sign(std::string_view algorithm, Bytes message, Random& random) const override {
    return guarded([&]() -> std::optional<ByteVector> {
      if (algorithm != facts_.name) return std::nullopt;
      const auto both = signed_by(*key_, facts_.hash, message, random);  // nonce by RFC 6979
      const auto value = bytes_of(std::span<const std::uint8_t>(both));
      ByteVector pair;
      VectorSink sink{pair};
      Writer writer(sink);
      writer.write(Mpint{value.first(value.size() / 2)});
      writer.write(Mpint{value.last(value.size() / 2)});
      return signature_blob(algorithm, pair);
    });
  }

  Secret private_section() const override {
    const auto scalar = key_->raw_private_key_bits();
    return written([&](auto& writer) {
      writer.write(Rest{public_.blob()});  // type, curve and point are the blob's fields
      writer.write(Mpint{bytes_of(std::span<const std::uint8_t>(scalar))});
    });
  }

 private:
  EcdsaKey(const EcdsaFacts& facts, std::unique_ptr<Botan::ECDSA_PrivateKey> key, PublicKey public_key)
      : facts_(facts), key_(std::move(key)), public_(std::move(public_key)) {}

  const EcdsaFacts& facts_;
  std::unique_ptr<Botan::ECDSA_PrivateKey> key_;
  PublicKey public_;
};

// ---- ssh-rsa (RFC 4253 6.6, RFC 8332) ----

class RsaKey final : public PrivateKey {
 public:
  static std::unique_ptr<PrivateKey> from(Botan::RSA_PrivateKey key) {
    const auto e = magnitude(key.get_e()), n = magnitude(key.get_n());
    const auto blob = written([&](auto& writer) {
      writer.write("ssh-rsa");
      writer.write(Mpint{e.bytes()});
      writer.write(Mpint{n.bytes()});
    });
    auto public_key = public_key_of(blob);
    if (!public_key) return nullptr;
    return std::unique_ptr<PrivateKey>(new RsaKey(std::move(key), std::move(*public_key)));
  }

  static std::unique_ptr<PrivateKey> generate(Random& random, unsigned bits) {
    if (bits == 0) bits = 3072;
    if (bits < 2048 || bits > 16384 || bits % 8 != 0) return nullptr;
    BotanRandom source(random);
    return from(Botan::RSA_PrivateKey(source, bits));
  }

  static std::unique_ptr<PrivateKey> read(Reader& reader) {
    Mpint fields[6];  // n, e, d, q^-1 mod p, p, q
    for (auto& field : fields) reader.read(field);
    if (reader.failed()) return nullptr;
    const auto number = [&](int i) { return BigInt::from_bytes(octets(fields[i].magnitude)); };
    const auto n = number(0), e = number(1), d = number(2), inverse = number(3), p = number(4), q = number(5);
    if (n.bits() < 2048 || e.bits() > 32 || d >= n || p < 3 || q < 3 || p * q != n || inverse >= p) return nullptr;
    const auto are_inverse = [](const BigInt& a, const BigInt& b, const BigInt& m) { return a * b % m == 1; };
    const BigInt one_less_p = p - 1, one_less_q = q - 1;
    if (!are_inverse(e, d, one_less_p) || !are_inverse(e, d, one_less_q) || !are_inverse(inverse, q, p)) return nullptr;
    return from(Botan::RSA_PrivateKey(p, q, e, d, n));
  }

  const PublicKey& public_key() const override { return public_; }

  std::optional<ByteVector> sign(std::string_view algorithm, Bytes message, Random& random) const override {
    return guarded([&]() -> std::optional<ByteVector> {
      const bool wide = algorithm == "rsa-sha2-512";
      if (!wide && algorithm != "rsa-sha2-256") return std::nullopt;
      const auto value = signed_by(key_, wide ? "PKCS1v15(SHA-512)" : "PKCS1v15(SHA-256)", message, random);
      return signature_blob(algorithm, bytes_of(std::span<const std::uint8_t>(value)));
    });
  }

  Secret private_section() const override {
    const Secret fields[] = {magnitude(key_.get_n()), magnitude(key_.get_e()), magnitude(key_.get_d()),
                             magnitude(key_.get_c()), magnitude(key_.get_p()), magnitude(key_.get_q())};
    return written([&](auto& writer) {
      writer.write("ssh-rsa");
      for (const auto& field : fields) writer.write(Mpint{field.bytes()});
    });
  }

 private:
  RsaKey(Botan::RSA_PrivateKey key, PublicKey public_key) : key_(std::move(key)), public_(std::move(public_key)) {}

  Botan::RSA_PrivateKey key_;
  PublicKey public_;
};

}  // namespace

std::unique_ptr<PrivateKey> generate_key(KeyType type, Random& random, unsigned bits) {
  return guarded([&]() -> std::unique_ptr<PrivateKey> {
    switch (type) {
      case KeyType::ed25519: return Ed25519Key::generate(random);
      case KeyType::ecdsa_p256: return EcdsaKey::generate(ecdsa_facts[0], random);
      case KeyType::ecdsa_p384: return EcdsaKey::generate(ecdsa_facts[1], random);
      case KeyType::ecdsa_p521: return EcdsaKey::generate(ecdsa_facts[2], random);
      case KeyType::rsa: return RsaKey::generate(random, bits);
    }
    return nullptr;
  });
}

std::unique_ptr<PrivateKey> read_private_section(Reader& reader) {
  return guarded([&]() -> std::unique_ptr<PrivateKey> {
    std::string_view type;
    reader.read(type);
    if (type == "ssh-ed25519") return Ed25519Key::read(reader);
    if (type == "ssh-rsa") return RsaKey::read(reader);
    for (const auto& facts : ecdsa_facts)
      if (facts.name == type) return EcdsaKey::read(facts, reader);
    return nullptr;
  });
}

}  // namespace nacre
