// Signatures: RFC 8032, RFC 6979 and another implementation's RSA; and what must not pass for one.
#include <gtest/gtest.h>

#include "crypto/base64.hpp"
#include "crypto/key_fields.hpp"
#include "tests/crypto/support.hpp"
#include "tests/crypto/vectors.hpp"

namespace nacre::testing {
namespace {

template <class... Fields>
ByteVector blob(const Fields&... fields) {
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer writer(sink);
  (writer.write(fields), ...);
  return bytes;
}

std::unique_ptr<PrivateKey> key_of(Bytes section) {
  Reader reader(section);
  auto key = read_private_section(reader);
  return key && reader.done() ? std::move(key) : nullptr;
}

std::unique_ptr<PrivateKey> some_key(KeyType type, Random& random) {
  return generate_key(type, random, type == KeyType::rsa ? 2048 : 0);
}

TEST(Ed25519, Rfc8032Section71) {
  struct Case {
    const char* seed;
    const char* point;
    const char* message;
    const char* signature;
  };
  const Case cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "465514143"
       "8e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "eb00d2916"
       "12bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "dc027bece"
       "ea1ec40a"},
  };
  Bench bench;
  const auto& algorithm = named(bench.provider.signatures, "ssh-ed25519");
  for (const auto& row : cases) {
    FixedRandom seed(from_hex(row.seed));
    const auto key = generate_key(KeyType::ed25519, seed);
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->public_key().blob().last(32)), row.point);
    const auto message = from_hex(row.message);
    const auto signature = key->sign("ssh-ed25519", message, *bench.random);
    ASSERT_TRUE(signature);
    EXPECT_EQ(*signature, blob("ssh-ed25519", Bytes(from_hex(row.signature))));
    EXPECT_TRUE(algorithm.verify(key->public_key().blob(), message, *signature));
  }
}

TEST(Ed25519, ASecondFormOfASignatureIsRefused) {  // S + L: RFC 8032 5.1.7, attack "malleability"
  Bench bench;
  const auto& algorithm = named(bench.provider.signatures, "ssh-ed25519");
  const auto key = generate_key(KeyType::ed25519, *bench.random);
  auto signature = *key->sign("ssh-ed25519", bytes_of("m"), *bench.random);
  const auto order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    auto& byte = signature[signature.size() - 32 + i];
    carry += std::to_integer<unsigned>(byte) + std::to_integer<unsigned>(order[i]);
    byte = static_cast<std::byte>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(algorithm.verify(key->public_key().blob(), bytes_of("m"), signature));
  std::copy(order.begin(), order.end(), signature.end() - 32);  // L itself, a form of 0
  EXPECT_FALSE(algorithm.verify(key->public_key().blob(), bytes_of("m"), signature));
}

TEST(Ed25519, SignaturesOfAnotherLengthAreNone) {
  Bench bench;
  const auto& algorithm = named(bench.provider.signatures, "ssh-ed25519");
  const auto key = generate_key(KeyType::ed25519, *bench.random);
  auto value = copy_of(Bytes(*key->sign("ssh-ed25519", bytes_of("m"), *bench.random)).last(64));
  const auto verify = [&] {
    return algorithm.verify(key->public_key().blob(), bytes_of("m"), blob("ssh-ed25519", Bytes(value)));
  };
  EXPECT_TRUE(verify());
  value.push_back(std::byte{0});
  EXPECT_FALSE(verify());
  for (const std::size_t size : {63U, 32U, 1U, 0U}) {
    value.resize(size);
    EXPECT_FALSE(verify()) << size;
  }
}

TEST(Ed25519, PointsThatAreNoKeys) {
  Bench bench;
  const auto& algorithm = named(bench.provider.signatures, "ssh-ed25519");
  // The eight points of small order, and encodings of y that are not below p (RFC 8032 5.1.3).
  for (const char* hex :
       {"0000000000000000000000000000000000000000000000000000000000000000",  // of order 4
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",  // the identity
        "0100000000000000000000000000000000000000000000000000000000000080",  // and with its x, 0, negated
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // of order 2
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // of order 8
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",     // p
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",     // p + 1
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {  // p + 3
    const auto point = from_hex(hex);
    EXPECT_FALSE(algorithm.acceptable(blob("ssh-ed25519", Bytes(point)))) << hex;
  }
  for (int i = 0; i < 16; ++i)
    EXPECT_TRUE(algorithm.acceptable(generate_key(KeyType::ed25519, *bench.random)->public_key().blob()));
}

// High, but below p: such keys are as good as others.
TEST(Ed25519, AnOrdinateWithAHighLastOctetIsTaken) {
  Bench bench;
  const auto& algorithm = named(bench.provider.signatures, "ssh-ed25519");
  int found = 0;
  for (int i = 0; i < 5000 && found < 3; ++i) {
    const auto key = generate_key(KeyType::ed25519, *bench.random);
    const auto blob = key->public_key().blob();
    if ((blob.back() & std::byte{0x7f}) != std::byte{0x7f}) continue;
    ++found;
    EXPECT_TRUE(algorithm.acceptable(blob)) << to_hex(blob);
    const auto signature = *key->sign("ssh-ed25519", bytes_of("m"), *bench.random);
    EXPECT_TRUE(algorithm.verify(blob, bytes_of("m"), signature)) << to_hex(blob);
  }
  EXPECT_EQ(found, 3) << "one key in 128 is such a one";
}

TEST(Ed25519, NothingIsSignedByWhatIsNoPoint) {
  Bench bench;
  const auto& algorithm = named(bench.provider.signatures, "ssh-ed25519");
  const auto key = generate_key(KeyType::ed25519, *bench.random);
  const auto signature = *key->sign("ssh-ed25519", bytes_of("m"), *bench.random);
  const auto point = from_hex("0200000000000000000000000000000000000000000000000000000000000000");  // not on the curve
  EXPECT_FALSE(algorithm.verify(blob("ssh-ed25519", Bytes(point)), bytes_of("m"), signature));
  EXPECT_TRUE(algorithm.verify(key->public_key().blob(), bytes_of("m"), signature));
}

TEST(Ecdsa, K26_Rfc6979AppendixA2) {  // message "sample", the hash of RFC 5656 6.2.1 for each curve
  struct Case {
    KeyType type;
    const char* name;
    const char* scalar;
    const char* r;
    const char* s;
  };
  const Case cases[] = {
      {KeyType::ecdsa_p256, "ecdsa-sha2-nistp256", "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
       "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
       "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"},
      {KeyType::ecdsa_p384, "ecdsa-sha2-nistp384",
       "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
       "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
       "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8"},
      {KeyType::ecdsa_p521, "ecdsa-sha2-nistp521",
       "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67D"
       "B89EC0C08B0E996B83538",
       "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC"
       "91F9B15BF05EC36E377FA",
       "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCC"
       "C43997F1EE0E44DA4A67A"},
  };
  Bench bench;
  for (const auto& row : cases) {
    auto drawn = from_hex(row.scalar);
    drawn.resize(drawn.size() + 1024, std::byte{0x33});  // for blinding
    FixedRandom random(drawn);
    const auto key = generate_key(row.type, random);
    ASSERT_TRUE(key) << row.name;
    const auto signature = key->sign(row.name, bytes_of("sample"), *bench.random);
    ASSERT_TRUE(signature) << row.name;
    const auto r = from_hex(row.r), s = from_hex(row.s);
    EXPECT_EQ(to_hex(*signature), to_hex(blob(row.name, Bytes(blob(Mpint{r}, Mpint{s}))))) << row.name;
  }
}

TEST(Ecdsa, NumbersOutOfRange) {
  Bench bench;
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521}) {
    const auto key = some_key(type, *bench.random);
    const auto name = key->public_key().type();
    const auto& algorithm = named(bench.provider.signatures, name);
    const auto size = (key->public_key().bits() + 7) / 8;
    const ByteVector one{std::byte{1}}, huge(size, std::byte{0xff}), longer(size + 1, std::byte{0x7f});
    const Mpint numbers[] = {Mpint{}, Mpint{one}, Mpint{huge}, Mpint{longer}};
    for (const auto& r : numbers)
      for (const auto& s : numbers)
        EXPECT_FALSE(algorithm.verify(key->public_key().blob(), bytes_of("m"), blob(name, Bytes(blob(r, s)))));
    EXPECT_FALSE(
        algorithm.verify(key->public_key().blob(), bytes_of("m"), blob(name, Bytes(from_hex("00000001ff0000000101")))));
    EXPECT_FALSE(algorithm.verify(key->public_key().blob(), bytes_of("m"), blob(name, Bytes())));
  }
}

TEST(Ecdsa, PointsThatAreNoKeys) {
  Bench bench;
  const auto key = generate_key(KeyType::ecdsa_p256, *bench.random);
  const auto& algorithm = named(bench.provider.signatures, "ecdsa-sha2-nistp256");
  const auto good = copy_of(key->public_key().blob());
  EXPECT_TRUE(algorithm.acceptable(good));
  auto off_curve = good;
  off_curve.back() ^= std::byte{1};
  EXPECT_TRUE(PublicKey::parse(off_curve)) << "parsing asks for the shape only";
  EXPECT_FALSE(algorithm.acceptable(off_curve));
  auto point = copy_of(Bytes(good).last(65));
  EXPECT_FALSE(algorithm.acceptable(blob("ecdsa-sha2-nistp256", "nistp384", Bytes(point))))
      << "the curve is named twice";
  point[0] = std::byte{6};
  EXPECT_FALSE(algorithm.acceptable(blob("ecdsa-sha2-nistp256", "nistp256", Bytes(point)))) << "hybrid form";
  point.resize(33);
  point[0] = std::byte{2};
  EXPECT_FALSE(algorithm.acceptable(blob("ecdsa-sha2-nistp256", "nistp256", Bytes(point)))) << "compressed";
}

TEST(Rsa, AnotherImplementationsSignatures) {
  Bench bench;
  for (const auto& row : vectors::rsa) {
    const auto key = key_of(from_hex(row.section));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->public_key().bits(), 2048U);
    EXPECT_EQ(to_hex(key->private_section().bytes()), row.section);
    const auto signature = key->sign(row.algorithm, bytes_of("nacre"), *bench.random);
    ASSERT_TRUE(signature);
    EXPECT_EQ(to_hex(*signature), row.signature);
    EXPECT_TRUE(named(bench.provider.signatures, row.algorithm)
                    .verify(key->public_key().blob(), bytes_of("nacre"), *signature));
  }
}

TEST(Rsa, ValuesOfTheWrongLength) {
  Bench bench;
  const auto signature = from_hex(vectors::rsa[0].signature);
  const auto key = key_of(from_hex(vectors::rsa[0].section));
  const auto& algorithm = named(bench.provider.signatures, "rsa-sha2-256");
  const auto value = Bytes(signature).last(256);
  auto longer = copy_of(value);
  longer.insert(longer.begin(), std::byte{0});
  const auto verify = [&](Bytes bytes) {
    return algorithm.verify(key->public_key().blob(), bytes_of("nacre"), blob("rsa-sha2-256", bytes));
  };
  EXPECT_TRUE(verify(value));
  EXPECT_FALSE(verify(longer));
  EXPECT_FALSE(verify(value.first(255)));
  EXPECT_FALSE(verify({}));
  EXPECT_FALSE(verify(ByteVector(256, std::byte{0xff})));
  EXPECT_FALSE(verify(ByteVector(256)));
}

TEST(Rsa, SizesAndExponentsWithinBounds) {
  const auto blob_of = [](std::size_t bits, Bytes e, int last = 1) {
    ByteVector n((bits + 7) / 8, std::byte{0x11});
    n[0] = static_cast<std::byte>(1U << (bits - 1) % 8);
    n.back() = static_cast<std::byte>(last);
    return blob("ssh-rsa", Mpint{e}, Mpint{n});
  };
  Bench bench;
  const auto& algorithm = named(bench.provider.signatures, "rsa-sha2-256");
  const auto usual = from_hex("010001");
  for (const std::size_t bits : {2048U, 2049U, 3072U, 16384U})
    EXPECT_TRUE(algorithm.acceptable(blob_of(bits, usual))) << bits;
  for (const std::size_t bits : {8U, 1024U, 2047U}) EXPECT_FALSE(algorithm.acceptable(blob_of(bits, usual))) << bits;
  EXPECT_FALSE(PublicKey::parse(blob_of(16385, usual)));
  EXPECT_FALSE(algorithm.acceptable(blob_of(2048, usual, 2))) << "an even modulus";
  for (const char* e : {"", "01", "02", "010000", "0100000001"})
    EXPECT_FALSE(algorithm.acceptable(blob_of(2048, from_hex(e)))) << e;
  for (const char* e : {"03", "ffffffff"}) EXPECT_TRUE(algorithm.acceptable(blob_of(2048, from_hex(e)))) << e;
}

TEST(Signatures, EveryAlgorithmThereAndBack) {
  Bench bench;
  for (const auto type : all_types) {
    const auto key = some_key(type, *bench.random), other = some_key(type, *bench.random);
    for (const auto& algorithm : bench.provider.signatures) {
      const auto signature = key->sign(algorithm.name, bytes_of("message"), *bench.random);
      ASSERT_EQ(signature.has_value(), algorithm.key_type == key->public_key().type()) << algorithm.name;
      EXPECT_EQ(algorithm.acceptable(key->public_key().blob()), signature.has_value()) << algorithm.name;
      if (!signature) continue;
      EXPECT_TRUE(algorithm.verify(key->public_key().blob(), bytes_of("message"), *signature)) << algorithm.name;
      EXPECT_FALSE(algorithm.verify(key->public_key().blob(), bytes_of("messagf"), *signature)) << algorithm.name;
      EXPECT_FALSE(algorithm.verify(key->public_key().blob(), bytes_of(""), *signature)) << algorithm.name;
      EXPECT_FALSE(algorithm.verify(other->public_key().blob(), bytes_of("message"), *signature)) << algorithm.name;
      for (const auto& wrong : bench.provider.signatures)
        if (wrong.name != algorithm.name) {
          EXPECT_FALSE(wrong.verify(key->public_key().blob(), bytes_of("message"), *signature));
        }
    }
    EXPECT_FALSE(key->sign("ssh-rsa", bytes_of("message"), *bench.random)) << "SHA-1 is not there";
    EXPECT_FALSE(key->sign("", bytes_of("message"), *bench.random));
  }
}

TEST(Signatures, NoByteOfKeyOrSignatureCanBeChanged) {
  Bench bench;
  for (const auto type : all_types) {
    const auto key = some_key(type, *bench.random);
    for (const auto& algorithm : bench.provider.signatures) {
      const auto signature = key->sign(algorithm.name, bytes_of("message"), *bench.random);
      if (!signature) continue;
      const auto public_blob = copy_of(key->public_key().blob());
      const auto try_all = [&](const ByteVector& original, auto verify) {
        for (std::size_t i = 0; i < original.size(); ++i) {
          auto changed = original;
          changed[i] ^= std::byte{0x41};
          EXPECT_FALSE(verify(changed)) << algorithm.name << " byte " << i;
          EXPECT_FALSE(verify(copy_of(Bytes(original).first(i)))) << algorithm.name << " cut at " << i;
        }
        auto longer = original;
        longer.push_back(std::byte{0});
        EXPECT_FALSE(verify(longer)) << algorithm.name << " one byte more";
      };
      try_all(*signature, [&](const ByteVector& s) { return algorithm.verify(public_blob, bytes_of("message"), s); });
      try_all(public_blob, [&](const ByteVector& k) { return algorithm.verify(k, bytes_of("message"), *signature); });
    }
  }
}

TEST(PublicKey, ParsesWholeBlobsOnly) {
  Bench bench;
  for (const auto type : all_types) {
    const auto key = some_key(type, *bench.random);
    const auto bytes = copy_of(key->public_key().blob());
    ASSERT_TRUE(PublicKey::parse(bytes));
    EXPECT_EQ(*PublicKey::parse(bytes), key->public_key());
    for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(PublicKey::parse(Bytes(bytes).first(i))) << i;
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(PublicKey::parse(longer));
  }
  EXPECT_FALSE(PublicKey::parse(blob("ssh-dss", "p", "q")));
  EXPECT_FALSE(PublicKey::parse(blob(std::string_view("ssh-ed25519\0", 12), Bytes(ByteVector(32)))));
  EXPECT_FALSE(PublicKey::parse(blob("ssh-ed2551", Bytes(ByteVector(32)))));
}

TEST(PublicKey, BitsAndTypes) {
  Bench bench;
  const std::pair<KeyType, std::size_t> bits[] = {{KeyType::ed25519, 256},
                                                  {KeyType::ecdsa_p256, 256},
                                                  {KeyType::ecdsa_p384, 384},
                                                  {KeyType::ecdsa_p521, 521},
                                                  {KeyType::rsa, 2048}};
  for (const auto& [type, size] : bits) EXPECT_EQ(some_key(type, *bench.random)->public_key().bits(), size);
}

// What OpenSSH's ssh-keygen -lv says of three keys of its own.
TEST(PublicKey, FingerprintsAndPicturesAsSshKeygenShowsThem) {
  struct Shown {
    std::string_view blob, fingerprint, picture;
  };
  const Shown all[] = {
      {"AAAAC3NzaC1lZDI1NTE5AAAAIFcKquCBDLYD43UV5TmtHvij5c+1C6v4gqWh2QDlp/8/",
       "SHA256:DfJPkEy6keSFo4oFw0NKUrEVy340XVU94DBLRGFC8GY",
       "+--[ED25519 256]--+\n"
       "|++o.o..o=o+Xooo. |\n"
       "|*o + +oB.o+ =  ..|\n"
       "|.oo o.O.*E . .  .|\n"
       "|  .... *o+       |\n"
       "| o .. o S o      |\n"
       "|. .  .   o       |\n"
       "|          .      |\n"
       "|                 |\n"
       "|                 |\n"
       "+----[SHA256]-----+\n"},
      {"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLNef3rG68CfiLXgVe1mu2JMUc6pvvH2eWWe5khIVRld"
       "+aooeFzcsYJeIzBFRq6UD2Efc7fbdm0YREBH08YeR6g=",
       "SHA256:W3HotpkjwO7iFu8uKZrnw5X0ni3P2n9ega3N3URasHE",
       "+---[ECDSA 256]---+\n"
       "|              o E|\n"
       "|           .   = |\n"
       "|          o . . o|\n"
       "|    ..   . o o + |\n"
       "|   . oo S + . + .|\n"
       "|    +... + + + +.|\n"
       "| . . =.oo = . + o|\n"
       "| .= =.=o.. ...   |\n"
       "|o+.=.==++..o.    |\n"
       "+----[SHA256]-----+\n"},
      {"AAAAB3NzaC1yc2EAAAADAQABAAABAQCtjjLeWQ6YlZRWC6en8R2B+sg56W/2Z8DoaAH1EqYY4lAZaX3He+NdOV7oZM23WK8N"
       "B6l8K5yd7qBQ9S7z/azXY2k2aljm6Ynk6d6J7vddSMLQ/8ITqVE1D9kXmPYcQGNADWLKP2Xz0WY76e7zKwbYK/5dAnC1lvOP"
       "l5pqD1Ze90wbEvjr6IMZtYxMOXldGGnLvfhxhgx7R0bOQ/ymTe/oqa3wvFH7nHkknO4aIHsyMA5lgdL6wbRoZgRqEnfvzyw5"
       "OU412pWa2dR9rZtvFKsOHjPjvhGAyO03xSMps4LVyot2r7M3ADuU0mLW2pNsDgex4QGzwWeu7fpQ3QUMNbZ1",
       "SHA256:1AqwpSZWKOYnDH2KMBA9+HTE6wcDCkXYy/Bwt56/jxM",
       "+---[RSA 2048]----+\n"
       "|+Xo++ .          |\n"
       "|@.X.==   .       |\n"
       "|B&oO+o. . .      |\n"
       "|o=*+=  o .       |\n"
       "|  oo +  S        |\n"
       "|    + E          |\n"
       "|     o .         |\n"
       "|      o.         |\n"
       "|      o+.        |\n"
       "+----[SHA256]-----+\n"},
  };
  for (const auto& each : all) {
    const auto key = PublicKey::parse(*base64_decode(each.blob));
    ASSERT_TRUE(key);
    EXPECT_EQ(fingerprint(key->blob()), each.fingerprint);
    EXPECT_EQ(randomart(*key), each.picture);
  }
}

TEST(PrivateKey, TheSameSeedGivesTheSameKey) {
  for (const auto type : all_types) {
    const auto first = some_key(type, *seeded_random(bytes_of("seed"))),
               second = some_key(type, *seeded_random(bytes_of("seed")));
    const auto other = some_key(type, *seeded_random(bytes_of("sead")));
    EXPECT_EQ(first->public_key(), second->public_key());
    EXPECT_FALSE(first->public_key() == other->public_key());
  }
}

TEST(PrivateKey, RsaSizesOutOfBoundsMakeNothing) {
  Bench bench;
  EXPECT_EQ(generate_key(KeyType::rsa, *bench.random)->public_key().bits(), 3072U) << "unless told otherwise";
  for (const unsigned bits : {1U, 1024U, 2047U, 2049U, 16385U, 32768U})
    EXPECT_FALSE(generate_key(KeyType::rsa, *bench.random, bits)) << bits;
}

TEST(PrivateKey, NoRandomnessNoKey) {
  for (const auto type : all_types) {
    FailingRandom none(0), few(3);
    EXPECT_FALSE(some_key(type, none));
    if (type == KeyType::rsa) {
      EXPECT_FALSE(some_key(type, few));
    }
  }
}

TEST(PrivateKey, SectionsThereAndBack) {
  Bench bench;
  for (const auto type : all_types) {
    const auto key = some_key(type, *bench.random);
    const auto section = key->private_section();
    const auto again = key_of(section.bytes());
    ASSERT_TRUE(again) << key->public_key().type();
    EXPECT_EQ(again->public_key(), key->public_key());
    EXPECT_TRUE(equal_in_constant_time(again->private_section().bytes(), section.bytes()));
    for (std::size_t i = 0; i < section.size(); ++i) {
      auto changed = section.copy();
      changed.buffer()[i] ^= std::byte{1};
      EXPECT_FALSE(key_of(changed.bytes())) << key->public_key().type() << " byte " << i;
    }
  }
}

}  // namespace
}  // namespace nacre::testing
