// Hashes, the two HMACs that stand alone, randomness and base64 against published vectors.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/base64.hpp"
#include "crypto/hash.hpp"
#include "tests/crypto/support.hpp"
#include "tests/crypto/vectors.hpp"

namespace nacre::testing {
namespace {

std::string digest_of(HashName name, std::string_view text) {
  const auto hash = make_hash(name);
  ByteVector digest(hash->size());
  for (const char each : text) hash->update(bytes_of(std::string_view(&each, 1)));
  EXPECT_TRUE(hash->finish(digest));
  return to_hex(digest);
}

TEST(Hash, Fips180TwoOfAbc) {  // FIPS 180-4, NIST's example values
  EXPECT_EQ(digest_of(HashName::sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of(HashName::sha384, "abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(
      digest_of(HashName::sha512, "abc"),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce8"
      "0e2a9ac94fa54ca49f");
  EXPECT_EQ(to_hex(sha256(bytes_of("abc"))), digest_of(HashName::sha256, "abc"));
}

TEST(Hash, StartsAnewAfterFinish) {
  const auto hash = make_hash(HashName::sha256);
  ByteVector first(32), second(32);
  hash->update(bytes_of("abc"));
  ASSERT_TRUE(hash->finish(first));
  hash->update(bytes_of("abc"));
  ASSERT_TRUE(hash->finish(second));
  EXPECT_EQ(first, second);
}

TEST(Hash, RefusesAPlaceThatIsTooSmall) {
  const auto hash = make_hash(HashName::sha512);
  ByteVector small(63);
  EXPECT_FALSE(hash->finish(small));
}

TEST(HmacSha1, Rfc2202) {
  EXPECT_EQ(to_hex(hmac_sha1(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(to_hex(hmac_sha1(from_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), bytes_of("Hi There"))),
            "b617318655057264e28bc0b6fb378c8ef146be00");
}

TEST(Random, ASeedGivesOneStreamHoweverItIsCut) {
  const auto expected = vectors::streams[0].bytes;
  for (const std::size_t step : {1U, 7U, 64U, 200U}) {
    const auto random = seeded_random(bytes_of("nacre"));
    ByteVector stream(200);
    for (std::size_t at = 0; at < stream.size(); at += step)
      ASSERT_TRUE(random->fill(Buffer(stream).subspan(at, std::min(step, stream.size() - at))));
    EXPECT_EQ(to_hex(stream), expected) << step;
  }
}

TEST(Random, ANumberIsTheSeedOfItsEightBytes) {
  ByteVector a(32), b(32), c(32);
  ASSERT_TRUE(seeded_random(0x0102030405060708)->fill(a));
  ASSERT_TRUE(seeded_random(from_hex("0102030405060708"))->fill(b));
  ASSERT_TRUE(seeded_random(2)->fill(c));
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(Random, TheSystemNeverRepeatsItself) {
  const auto random = system_random();
  ByteVector a(32), b(32);
  ASSERT_TRUE(random->fill(a));
  ASSERT_TRUE(random->fill(b));
  EXPECT_NE(a, b);
  EXPECT_TRUE(random->fill({}));
}

// A child has a copy of all that its parent had: what comes next is another's all the same.
TEST(Random, K27_ParentAndChildDrawDifferentBytes) {
  const auto random = system_random();
  ByteVector before(32), of_parent(32), of_child(32);
  ASSERT_TRUE(random->fill(before));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool good = random->fill(of_child) && write(ends[1], of_child.data(), of_child.size()) == 32;
    _exit(good ? 0 : 1);
  }
  close(ends[1]);
  EXPECT_TRUE(random->fill(of_parent));
  EXPECT_EQ(read(ends[0], of_child.data(), of_child.size()), 32);
  close(ends[0]);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(of_parent, of_child);
}

TEST(Base64, Rfc4648) {
  const std::pair<std::string_view, std::string_view> pairs[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : pairs) {
    EXPECT_EQ(base64_encode(bytes_of(plain)), text);
    const auto decoded = base64_decode(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(text_of(*decoded), plain);
  }
}

TEST(Base64, AllBytesThereAndBack) {
  ByteVector all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::byte>(i));
  for (std::size_t size = 0; size <= all.size(); ++size)
    EXPECT_EQ(base64_decode(base64_encode(Bytes(all).first(size))), copy_of(Bytes(all).first(size)));
}

TEST(Base64, IsStrict) {
  using namespace std::string_view_literals;
  for (const auto text : {"Zg"sv, "Zg="sv, "Zg==="sv, "Zh=="sv, "Zm9="sv, "Zm9v\n"sv, " Zm9v"sv, "Zm 9v"sv, "Zm9-"sv,
                          "Zm9_"sv, "===="sv, "Z==="sv, "=Zm9"sv, "Zg==Zg=="sv, "Zm\x00v"sv, "Zm9\xff"sv})
    EXPECT_FALSE(base64_decode(text) || base64_decode_secret(text)) << text;
}

}  // namespace
}  // namespace nacre::testing
