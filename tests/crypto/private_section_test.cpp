// Private sections of openssh-key-v1 in which one field is wrong and all the others are right: none of them is a key.
#include <gtest/gtest.h>

#include "crypto/key_fields.hpp"
#include "crypto/key_protection.hpp"
#include "tests/crypto/support.hpp"
#include "tests/crypto/vectors.hpp"

namespace nacre::testing {
namespace {

template <class... Fields>
ByteVector section_of(const Fields&... fields) {
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer writer(sink);
  (writer.write(fields), ...);
  return bytes;
}

bool is_key(Bytes section) {
  Reader reader(section);
  return read_private_section(reader) != nullptr && reader.done();
}

// ---- ECDSA ----

struct EcdsaSection {
  std::string_view type = "ecdsa-sha2-nistp256";
  std::string_view curve = "nistp256";
  ByteVector point;
  ByteVector scalar;

  bool is_key() const { return testing::is_key(section_of(type, curve, Bytes(point), Mpint{scalar})); }
};

EcdsaSection ecdsa_section() {
  const auto key = generate_key(KeyType::ecdsa_p256, *seeded_random(3));
  const auto section = key->private_section();
  Reader reader(section.bytes());
  std::string_view skipped;
  Bytes point;
  Mpint scalar;
  reader.read(skipped);
  reader.read(skipped);
  reader.read(point);
  reader.read(scalar);
  EXPECT_TRUE(reader.done());
  return {.point = copy_of(point), .scalar = copy_of(scalar.magnitude)};
}

TEST(PrivateSection, EcdsaScalarsThatAreNone) {
  const auto good = ecdsa_section();
  EXPECT_TRUE(good.is_key());
  const char* scalars[] = {"", "01", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",  // the order
                           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                           "010000000000000000000000000000000000000000000000000000000000000000ff"};
  for (const auto* scalar : scalars) {
    auto changed = good;
    changed.scalar = from_hex(scalar);
    EXPECT_FALSE(changed.is_key()) << scalar;
  }
}

TEST(PrivateSection, EcdsaPublicHalvesThatAreAnothers) {
  const auto good = ecdsa_section();
  auto changed = good;
  changed.curve = "nistp384";
  EXPECT_FALSE(changed.is_key());
  changed = good;
  changed.type = "ecdsa-sha2-nistp384";
  EXPECT_FALSE(changed.is_key());
  changed = good;
  changed.point[5] ^= std::byte{1};
  EXPECT_FALSE(changed.is_key());
  for (const std::size_t size : {0U, 1U, 33U, 64U}) {  // an end of the point, and its beginning
    changed.point = copy_of(Bytes(good.point).last(size));
    EXPECT_FALSE(changed.is_key()) << size;
    changed.point = copy_of(Bytes(good.point).first(size));
    EXPECT_FALSE(changed.is_key()) << size;
  }
}

// ---- RSA ----

enum Field { n, e, d, inverse, p, q };

struct RsaSection {
  ByteVector fields[6];

  bool is_key() const {
    const auto field = [&](Field which) { return Mpint{fields[which]}; };
    return testing::is_key(section_of("ssh-rsa", field(n), field(e), field(d), field(inverse), field(p), field(q)));
  }
  RsaSection with(Field which, ByteVector value) const {
    auto changed = *this;
    changed.fields[which] = std::move(value);
    return changed;
  }
};

RsaSection rsa_section() {
  const auto section = from_hex(vectors::rsa[0].section);
  Reader reader(section);
  std::string_view type;
  reader.read(type);
  RsaSection rsa;
  for (auto& field : rsa.fields) {
    Mpint number;
    reader.read(number);
    field = copy_of(number.magnitude);
  }
  EXPECT_TRUE(reader.done());
  return rsa;
}

// a mod m, bit by bit.
ByteVector remainder(Bytes a, const ByteVector& m) {
  ByteVector rest(m.size() + 1);
  ByteVector modulus(1);
  append(modulus, m);
  for (std::size_t bit = 0; bit < a.size() * 8; ++bit) {
    unsigned carry = std::to_integer<unsigned>(a[bit / 8]) >> (7 - bit % 8) & 1U;
    for (auto i = rest.size(); i-- > 0;) {
      carry |= std::to_integer<unsigned>(rest[i]) << 1;
      rest[i] = static_cast<std::byte>(carry);
      carry >>= 8;
    }
    if (std::memcmp(rest.data(), modulus.data(), modulus.size()) < 0) continue;  // both are of one size
    unsigned borrow = 0;
    for (auto i = rest.size(); i-- > 0;) {
      const auto difference = std::to_integer<unsigned>(rest[i]) - std::to_integer<unsigned>(modulus[i]) - borrow;
      rest[i] = static_cast<std::byte>(difference);
      borrow = difference >> 31;
    }
  }
  return rest;
}

ByteVector less_one(ByteVector odd) {
  odd.back() ^= std::byte{1};
  return odd;
}

TEST(PrivateSection, RsaNumbersThatDoNotFitTogether) {
  const auto good = rsa_section();
  ASSERT_TRUE(good.is_key());
  const auto& is = good.fields;
  EXPECT_FALSE(good.with(n, is[p]).is_key()) << "1024 bits";
  EXPECT_FALSE(good.with(n, less_one(is[n])).is_key()) << "not the product";
  EXPECT_FALSE(good.with(e, from_hex("0100000001")).is_key()) << "33 bits";
  EXPECT_FALSE(good.with(e, from_hex("03")).is_key());
  EXPECT_FALSE(good.with(e, {}).is_key());
  EXPECT_FALSE(good.with(e, from_hex("01")).with(d, from_hex("01")).is_key()) << "encrypts nothing";
  EXPECT_FALSE(good.with(d, is[n]).is_key());
  EXPECT_FALSE(good.with(d, {}).is_key());
  for (const auto prime : {p, q}) {
    EXPECT_FALSE(good.with(prime, {}).is_key());
    EXPECT_FALSE(good.with(prime, from_hex("01")).is_key());
    EXPECT_FALSE(good.with(prime, from_hex("02")).is_key());
    EXPECT_FALSE(good.with(prime, is[n]).is_key());
    const auto only_here = remainder(is[d], less_one(is[prime]));
    EXPECT_FALSE(good.with(d, only_here).is_key()) << "an exponent for one of the primes";
  }
  EXPECT_FALSE(good.with(p, is[q]).with(q, is[p]).is_key()) << "the inverse is that of the other";
  EXPECT_FALSE(good.with(inverse, is[p]).is_key());
  EXPECT_FALSE(good.with(inverse, from_hex("01")).is_key());
  EXPECT_FALSE(good.with(inverse, {}).is_key());
}

// ---- Ed25519, and what is nothing ----

TEST(PrivateSection, Ed25519HalvesThatDiffer) {
  const auto key = generate_key(KeyType::ed25519, *seeded_random(3));
  const auto other = generate_key(KeyType::ed25519, *seeded_random(4));
  const auto secret = key->private_section();
  const auto seed = secret.bytes().last(64).first(32), point = secret.bytes().last(32);
  const auto others_point = other->public_key().blob().last(32);
  const auto of = [&](Bytes outside, Bytes inside) {
    auto both = copy_of(seed);
    append(both, inside);
    return is_key(section_of("ssh-ed25519", outside, Bytes(both)));
  };
  EXPECT_TRUE(of(point, point));
  EXPECT_FALSE(of(point, others_point));
  EXPECT_FALSE(of(others_point, point));
  EXPECT_FALSE(of(others_point, others_point)) << "not what the seed makes";
  EXPECT_FALSE(of(point.first(31), point));
  EXPECT_FALSE(of(point, point.first(31)));
  EXPECT_FALSE(of({}, {}));
}

TEST(PrivateSection, TypesThatAreNone) {
  for (const char* type : {"", "ssh-dss", "ssh-ed2551", "ecdsa-sha2-nistp224", "ssh-rsa-cert-v01@openssh.com"})
    EXPECT_FALSE(is_key(section_of(type, "", ""))) << type;
  EXPECT_FALSE(is_key({}));
  EXPECT_FALSE(generate_key(static_cast<KeyType>(99), *seeded_random(1)));
}

// ---- The lock around it ----

TEST(SectionLock, SizesThatDoNotFit) {
  for (const char* name : {"aes256-ctr", "aes128-gcm@openssh.com"}) {
    const auto& cipher = *find_key_file_cipher(name);
    const auto works = [&](std::size_t key, std::size_t section_size, std::size_t tag_size) {
      const ByteVector key_and_iv(key);
      ByteVector section(section_size), tag(tag_size);
      const bool sealed = encrypt_section(cipher, key_and_iv, section, tag);
      const bool opened = decrypt_section(cipher, key_and_iv, section, tag);
      EXPECT_EQ(sealed, opened) << name;
      EXPECT_TRUE(!opened || section == ByteVector(section_size)) << name;
      return sealed;
    };
    const auto size = cipher.key_size + cipher.iv_size;
    EXPECT_TRUE(works(size, 32, cipher.tag));
    EXPECT_FALSE(works(size - 1, 32, cipher.tag));
    EXPECT_FALSE(works(size + 1, 32, cipher.tag));
    EXPECT_FALSE(works(size, 31, cipher.tag));
    EXPECT_FALSE(works(size, 32, cipher.tag + 1));
  }
}

}  // namespace
}  // namespace nacre::testing
