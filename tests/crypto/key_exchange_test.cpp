// Key exchanges: against NIST's, RFC 7748's and other implementations' numbers, and against values that must be refused.
#include <gtest/gtest.h>

#include "crypto/wire.hpp"
#include "tests/crypto/support.hpp"
#include "tests/crypto/vectors.hpp"

namespace nacre::testing {
namespace {

std::unique_ptr<KeyExchange> make(std::string_view name) {
  static const Bench bench;
  return named(bench.provider.key_exchanges, name).make();
}

std::string digest(Bytes bytes) { return to_hex(sha256(bytes)); }

std::string wire_string(Bytes contents) {
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer(sink).write(contents);
  return digest(bytes);
}

TEST(KeyExchange, BothSidesOfEveryMethodAgree) {
  Bench bench;
  for (const auto& algorithm : bench.provider.key_exchanges) {
    const auto client = algorithm.make(), server = algorithm.make();
    const auto initial = client->initiate(*bench.random);
    ASSERT_TRUE(initial) << algorithm.name;
    const auto reply = server->respond(*bench.random, *initial);
    ASSERT_TRUE(reply) << algorithm.name;
    const auto secret = client->finish(reply->value);
    ASSERT_TRUE(secret) << algorithm.name;
    EXPECT_TRUE(equal_in_constant_time(secret->bytes(), reply->secret.bytes())) << algorithm.name;
    EXPECT_FALSE(client->finish(reply->value)) << algorithm.name << ": a key is good for one agreement";
  }
}

// 1 in 256 secrets begins with a zero byte, 1 in 2 has its highest bit set: many runs meet both.
TEST(KeyExchange, EverySecretIsACanonicalEncoding) {
  Bench bench;
  for (const char* name : {"curve25519-sha256", "ecdh-sha2-nistp256", "mlkem768x25519-sha256"}) {
    for (int run = 0; run < 600; ++run) {
      const auto client = make(name), server = make(name);
      const auto initial = client->initiate(*bench.random);
      const auto reply = server->respond(*bench.random, *initial);
      const auto secret = client->finish(reply->value);
      ASSERT_TRUE(secret && equal_in_constant_time(secret->bytes(), reply->secret.bytes())) << name;
      Reader reader(secret->bytes());
      Mpint number;
      Bytes contents;
      const bool hybrid = std::string_view(name).starts_with("mlkem");
      if (hybrid)
        reader.read(contents);
      else
        reader.read(number);
      ASSERT_TRUE(reader.done()) << name;
      ASSERT_TRUE(!hybrid || contents.size() == 32);
    }
  }
}

TEST(KeyExchange, NoRandomnessNoValue) {
  Bench bench;
  for (const auto& algorithm : bench.provider.key_exchanges) {
    FailingRandom none(0);
    EXPECT_FALSE(algorithm.make()->initiate(none)) << algorithm.name;
    const auto initial = algorithm.make()->initiate(*bench.random);
    EXPECT_FALSE(algorithm.make()->respond(none, *initial)) << algorithm.name;
  }
  for (int calls = 1; calls < 3; ++calls) {
    FailingRandom some(calls);
    const auto initial = make("mlkem768x25519-sha256")->initiate(some);
    EXPECT_FALSE(initial) << "the second half failed: nothing of the first may be used";
  }
}

TEST(KeyExchange, FinishBeforeInitiateIsNothing) {
  Bench bench;
  for (const auto& algorithm : bench.provider.key_exchanges) EXPECT_FALSE(algorithm.make()->finish(ByteVector(32)));
  const auto hybrid = make("mlkem768x25519-sha256");
  EXPECT_FALSE(hybrid->finish(ByteVector(1088 + 32)));
  FailingRandom for_one_half(2);
  EXPECT_FALSE(hybrid->initiate(for_one_half));
  EXPECT_FALSE(hybrid->finish(ByteVector(1088 + 32)));
}

// Values of every length but the right one, and of the right one with rubbish in it: never a crash.
TEST(KeyExchange, WrongLengths) {
  Bench bench;
  for (const auto& algorithm : bench.provider.key_exchanges) {
    const bool modp = algorithm.name.starts_with("diffie");
    const auto good = *algorithm.make()->initiate(*bench.random);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{31}, std::size_t{33}, good.size() - 1,
                                   good.size() + 1, std::size_t{4096}}) {
      auto value = good;
      value.resize(size);
      if (modp && size != 0 && size < good.size()) continue;  // another number, and perhaps a good one
      EXPECT_FALSE(algorithm.make()->respond(*bench.random, value)) << algorithm.name << " " << size;
      auto client = algorithm.make();
      ASSERT_TRUE(client->initiate(*bench.random));
      EXPECT_FALSE(client->finish(value)) << algorithm.name << " " << size;
    }
  }
}

// ---- X25519 ----

TEST(Curve25519, Rfc7748Section61) {
  const auto a = from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto b = from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  FixedRandom random_a(a), random_b(b);
  const auto client = make("curve25519-sha256"), server = make("curve25519-sha256@libssh.org");
  const auto initial = client->initiate(random_a);
  EXPECT_EQ(to_hex(*initial), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const auto reply = server->respond(random_b, *initial);
  EXPECT_EQ(to_hex(reply->value), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(to_hex(client->finish(reply->value)->bytes()),
            "000000204a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

TEST(Curve25519, SecretsThatEncodersGetWrong) {
  for (const auto& row : vectors::x25519) {
    FixedRandom random(from_hex(row.private_key));
    const auto client = make("curve25519-sha256");
    ASSERT_TRUE(client->initiate(random));
    EXPECT_EQ(to_hex(client->finish(from_hex(row.their_value))->bytes()), row.secret) << row.what;
  }
}

// The points of small order (RFC 7748 6.1, listed with curve25519): the result would be all zeros.
TEST(Curve25519, PointsOfLowOrder) {
  Bench bench;
  for (const char* hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "0000000000000000000000000000000000000000000000000000000000000080",
       }) {
    const auto point = from_hex(hex);
    EXPECT_FALSE(make("curve25519-sha256")->respond(*bench.random, point)) << hex;
    const auto client = make("curve25519-sha256");
    ASSERT_TRUE(client->initiate(*bench.random));
    EXPECT_FALSE(client->finish(point)) << hex;

    const auto hybrid = make("mlkem768x25519-sha256");
    auto initial = *hybrid->initiate(*bench.random);
    std::copy(point.begin(), point.end(), initial.end() - 32);
    EXPECT_FALSE(make("mlkem768x25519-sha256")->respond(*bench.random, initial)) << hex;
    auto reply = make("mlkem768x25519-sha256")->respond(*bench.random, *hybrid->initiate(*bench.random))->value;
    std::copy(point.begin(), point.end(), reply.end() - 32);
    EXPECT_FALSE(hybrid->finish(reply)) << hex;
  }
}

// ---- ML-KEM-768 and X25519 ----

TEST(Hybrid, AnotherImplementationsReply) {
  const auto& row = vectors::hybrid[0];
  FixedRandom random(from_hex(row.drawn));
  const auto client = make("mlkem768x25519-sha256");
  const auto initial = client->initiate(random);
  ASSERT_TRUE(initial);
  EXPECT_EQ(random.left(), 0U);
  ASSERT_EQ(initial->size(), 1184U + 32);
  EXPECT_EQ(digest(*initial), row.initial_digest);
  const auto reply = from_hex(row.reply);
  ASSERT_EQ(reply.size(), 1088U + 32);
  EXPECT_EQ(to_hex(client->finish(reply)->bytes()), row.secret);
}

TEST(Hybrid, AKeyThatIsNotReducedIsRefused) {  // FIPS 203 7.2, the modulus check
  Bench bench;
  const auto initial = *make("mlkem768x25519-sha256")->initiate(*bench.random);
  const auto with_first = [&](unsigned coefficient) {
    auto changed = initial;
    changed[0] = static_cast<std::byte>(coefficient);
    changed[1] = (changed[1] & std::byte{0xf0}) | static_cast<std::byte>(coefficient >> 8);
    return changed;
  };
  EXPECT_TRUE(make("mlkem768x25519-sha256")->respond(*bench.random, with_first(3328)));
  EXPECT_FALSE(make("mlkem768x25519-sha256")->respond(*bench.random, with_first(3329)));
  EXPECT_FALSE(make("mlkem768x25519-sha256")->respond(*bench.random, with_first(4095)));
  auto last = initial;
  last[1150] |= std::byte{0xf0};
  last[1151] = std::byte{0xff};
  EXPECT_FALSE(make("mlkem768x25519-sha256")->respond(*bench.random, last));
}

TEST(Hybrid, AChangedCiphertextGivesAnotherSecret) {  // implicit rejection: an answer, and the exchange hash won't fit
  Bench bench;
  const auto client = make("mlkem768x25519-sha256");
  const auto reply = make("mlkem768x25519-sha256")->respond(*bench.random, *client->initiate(*bench.random));
  auto changed = reply->value;
  changed[100] ^= std::byte{1};
  const auto secret = client->finish(changed);
  ASSERT_TRUE(secret);
  EXPECT_FALSE(equal_in_constant_time(secret->bytes(), reply->secret.bytes()));
}

// ---- ECDH ----

struct EcdhCase {
  const char* name;
  const char* scalar;
  const char* their_value;
  const char* x;
};
// NIST CAVP, ECC CDH primitive test vectors, the first of each curve. P-521's x begins with a zero byte.
constexpr EcdhCase ecdh_cases[] = {
    {"ecdh-sha2-nistp256", "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
     "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe"
     "04417"
     "82cab85fa4ac",
     "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
    {"ecdh-sha2-nistp384",
     "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1",
     "04a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c50066ac68f19f2e1cb87"
     "9aed4"
     "3a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a",
     "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1"},
    {"ecdh-sha2-nistp521",
     "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce"
     "31ddc"
     "b6f9edb4d6fc47",
     "0400685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854334b1e1b87fa395464c60626124a4e70d0f785601d37c09"
     "870eb"
     "f176666877a2046d01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b739884a83bde99e0f6716939e632bc8986fa18dc"
     "cd443"
     "a348b6c3e522497955a4f3c302f676",
     "5fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e136672d72cc770742d1711c3c3a4c334a0ad9759436a4d3c5bf6e"
     "74b95"
     "78fac148c831"},
};

TEST(Ecdh, NistCavp) {
  for (const auto& row : ecdh_cases) {
    // The scalar is drawn first; what follows is for blinding.
    auto drawn = from_hex(row.scalar);
    drawn.resize(drawn.size() + 4096, std::byte{0x5a});
    FixedRandom random(drawn);
    const auto client = make(row.name);
    ASSERT_TRUE(client->initiate(random)) << row.name;
    const auto secret = client->finish(from_hex(row.their_value));
    ASSERT_TRUE(secret) << row.name;
    EXPECT_EQ(digest(secret->bytes()), wire_string(from_hex(row.x))) << row.name;
  }
}

TEST(Ecdh, PointsThatAreNone) {
  Bench bench;
  for (const auto& row : ecdh_cases) {
    const auto good = from_hex(row.their_value);
    const auto size = (good.size() - 1) / 2;
    auto off_curve = good, compressed = good, hybrid_form = good, beyond = good;
    off_curve.back() ^= std::byte{1};
    compressed.resize(1 + size);
    compressed[0] = std::byte{2} | (good.back() & std::byte{1});
    hybrid_form[0] = std::byte{6} | (good.back() & std::byte{1});
    std::fill(beyond.begin() + 1, beyond.end(), std::byte{0xff});
    ByteVector infinity{std::byte{0}}, zeros(good.size());
    zeros[0] = std::byte{4};
    for (const auto& point : {off_curve, compressed, hybrid_form, beyond, infinity, zeros, ByteVector{}}) {
      EXPECT_FALSE(make(row.name)->respond(*bench.random, point)) << row.name << " " << to_hex(point);
      const auto client = make(row.name);
      ASSERT_TRUE(client->initiate(*bench.random));
      EXPECT_FALSE(client->finish(point)) << row.name << " " << to_hex(point);
    }
    EXPECT_TRUE(make(row.name)->respond(*bench.random, good)) << row.name;
  }
}

// ---- Diffie-Hellman ----

std::string dh_name(std::string_view group) {
  return "diffie-hellman-group" + std::string(group) + (group == "14" ? "-sha256" : "-sha512");
}

// Made on both sides with all of the exponent that is drawn: a shorter one gives another value.
TEST(DiffieHellman, K13_GroupsOfRfc3526ByAnotherImplementation) {
  for (const auto& row : vectors::dh) {
    FixedRandom random(from_hex(row.drawn));
    const auto client = make(dh_name(row.group));
    const auto initial = client->initiate(random);
    ASSERT_TRUE(initial) << row.group;
    EXPECT_EQ(wire_string(*initial), row.our_value_digest) << row.group;
    const auto secret = client->finish(from_hex(row.their_value));
    ASSERT_TRUE(secret) << row.group;
    EXPECT_EQ(digest(secret->bytes()), row.secret_digest) << row.group << ", " << row.what;

    FixedRandom again(from_hex(row.drawn));
    const auto reply = make(dh_name(row.group))->respond(again, from_hex(row.their_value));
    ASSERT_TRUE(reply) << row.group;
    EXPECT_EQ(wire_string(reply->value), row.our_value_digest) << row.group;
    EXPECT_EQ(digest(reply->secret.bytes()), row.secret_digest) << row.group << ", " << row.what;
  }
}

TEST(DiffieHellman, ExponentsAreLong) {  // twice the bits of the strongest key, and no less in bytes
  for (const char* group : {"14", "16", "18"}) {
    FixedRandom random(ByteVector(64, std::byte{0}));
    const auto client = make(dh_name(group));
    EXPECT_TRUE(client->initiate(random));
    EXPECT_EQ(random.drawn(), 512U / 8) << group;
  }
}

TEST(DiffieHellman, ValuesOutOfRange) {
  Bench bench;
  for (const char* group : {"14", "16", "18"}) {
    const auto name = dh_name(group);
    const std::size_t size = group == std::string_view("14") ? 256 : group == std::string_view("16") ? 512 : 1024;
    ByteVector all_ones(size + 1, std::byte{0xff});
    all_ones[0] = std::byte{0};
    for (const auto& value :
         {from_hex(""), from_hex("00"), from_hex("01"), from_hex("80"), from_hex("ff"), from_hex("0002"),
          from_hex("000080"), all_ones, ByteVector(size, std::byte{0xff}), ByteVector(size + 1, std::byte{0x7f})}) {
      EXPECT_FALSE(make(name)->respond(*bench.random, value)) << name << " " << value.size();
      const auto client = make(name);
      ASSERT_TRUE(client->initiate(*bench.random));
      EXPECT_FALSE(client->finish(value)) << name << " " << value.size();
    }
    EXPECT_TRUE(make(name)->respond(*bench.random, from_hex("02"))) << name;
  }
}

// p - 2 is the largest value there may be. RFC 3526 2048-bit group, whose prime stands here in full.
TEST(DiffieHellman, TheEdgeOfTheRange) {
  Bench bench;
  const auto prime = from_hex(
      "00ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a43"
      "1b302b0a"
      "6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6492866"
      "51ece4"
      "5b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc"
      "9804f1"
      "746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515"
      "d22618"
      "98fa051015728e5a8aacaa68ffffffffffffffff");
  ASSERT_EQ(prime.size(), 257U);
  for (const int below : {0, 1, 2, 3}) {
    auto value = prime;
    value.back() = static_cast<std::byte>(0xff - below);
    const auto answer = make("diffie-hellman-group14-sha256")->respond(*bench.random, value);
    EXPECT_EQ(answer.has_value(), below >= 2) << "p - " << below;
  }
}

}  // namespace
}  // namespace nacre::testing
