// Packet protection: against packets that other implementations sealed, and against every way to change one.
#include <gtest/gtest.h>

#include "tests/crypto/support.hpp"
#include "tests/crypto/vectors.hpp"

namespace nacre::testing {
namespace {

// A cipher with a MAC, or an AEAD without: every pair that can be negotiated.
struct Suite {
  const CipherAlgorithm* cipher;
  const MacAlgorithm* mac;  // null beside an AEAD
  std::string name() const { return std::string(cipher->name) + (mac ? " " + std::string(mac->name) : ""); }
};

std::vector<Suite> suites(const Provider& provider) {
  std::vector<Suite> all;
  for (const auto& cipher : provider.ciphers) {
    if (cipher.authenticates)
      all.push_back({&cipher, nullptr});
    else
      for (const auto& mac : provider.macs) all.push_back({&cipher, &mac});
  }
  return all;
}

// Keys of the right sizes, and both ends that hold them.
struct Ends {
  explicit Ends(const Suite& suite, int seed = 1) {
    const auto random = seeded_random(static_cast<std::uint64_t>(seed));
    ByteVector key(suite.cipher->key_size), iv(suite.cipher->iv_size), mac_key(suite.mac ? suite.mac->key_size : 0);
    EXPECT_TRUE(random->fill(key) && random->fill(iv) && random->fill(mac_key));
    const PacketKeys keys{key, iv, mac_key};
    sealer = suite.cipher->sealer(keys, suite.mac);
    opener = suite.cipher->opener(keys, suite.mac);
  }
  std::unique_ptr<Sealer> sealer;
  std::unique_ptr<Opener> opener;
};

// A clear packet with room for its tag.
ByteVector clear_packet(const PacketShape& shape, std::size_t payload, std::byte fill) {
  std::size_t padding = shape.block - (payload + 1 + (shape.length_is_aligned ? 4 : 0)) % shape.block;
  if (padding < 4) padding += shape.block;
  ByteVector packet(4 + 1 + payload + padding + shape.tag, fill);
  store_be32(static_cast<std::uint32_t>(1 + payload + padding), packet.data());
  packet[4] = static_cast<std::byte>(padding);
  return packet;
}

// As the engine does: the head first, then the whole.
std::optional<ByteVector> open_whole(Opener& opener, std::uint32_t sequence, ByteVector packet) {
  const auto shape = opener.shape();
  if (packet.size() < shape.head) return std::nullopt;
  const std::uint64_t length = opener.packet_length(sequence, Buffer(packet).first(shape.head));
  if (4 + length + shape.tag != packet.size()) return std::nullopt;
  const auto body = opener.open(sequence, packet);
  if (!body) return std::nullopt;
  return copy_of(*body);
}

Bytes body_of(const ByteVector& clear, std::size_t tag) { return Bytes(clear).subspan(4, clear.size() - 4 - tag); }

TEST(PacketCipher, AnotherImplementationsPackets) {
  Bench bench;
  for (const auto& row : vectors::packets) {
    const auto& cipher = named(bench.provider.ciphers, row.cipher);
    const auto* mac = find_algorithm(bench.provider.macs, row.mac);
    const auto key = from_hex(row.key), iv = from_hex(row.iv), mac_key = from_hex(row.mac_key);
    const PacketKeys keys{key, iv, mac_key};
    const auto sealer = cipher.sealer(keys, mac);
    const auto opener = cipher.opener(keys, mac);
    ASSERT_TRUE(sealer && opener) << row.cipher << row.mac;
    const auto first = static_cast<std::uint32_t>(std::stoul(std::string(row.sequence)));
    const std::pair<std::string_view, std::string_view> pairs[] = {{row.clear0, row.sealed0},
                                                                   {row.clear1, row.sealed1}};
    std::uint32_t sequence = first;
    for (const auto& [clear, sealed] : pairs) {
      auto packet = from_hex(clear);
      const auto body = to_hex(Bytes(packet).subspan(4));
      packet.resize(packet.size() + sealer->shape().tag);
      ASSERT_TRUE(sealer->seal(sequence, packet));
      EXPECT_EQ(to_hex(packet), sealed) << row.cipher << row.mac;
      const auto opened = open_whole(*opener, sequence, from_hex(sealed));
      ASSERT_TRUE(opened) << row.cipher << row.mac;
      EXPECT_EQ(to_hex(*opened), body);
      ++sequence;  // wraps, as RFC 4253 6.4 has it
    }
  }
}

TEST(PacketCipher, ManyPacketsInARowOfEverySize) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite);
    std::uint32_t sequence = 0xffffff00;
    for (std::size_t payload = 0; payload < 600; ++payload, ++sequence) {
      auto packet = clear_packet(ends.sealer->shape(), payload, static_cast<std::byte>(payload));
      const auto clear = packet;
      ASSERT_TRUE(ends.sealer->seal(sequence, packet)) << suite.name();
      const auto opened = open_whole(*ends.opener, sequence, packet);
      ASSERT_TRUE(opened) << suite.name() << " " << payload;
      ASSERT_TRUE(same_bytes(*opened, body_of(clear, ends.sealer->shape().tag))) << suite.name();
    }
  }
}

TEST(PacketCipher, TheLargestPacketsAndBeyond) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite);
    for (const std::size_t payload : {32768U, 35000U, 262144U}) {
      auto packet = clear_packet(ends.sealer->shape(), payload, std::byte{0x42});
      const auto clear = packet;
      ASSERT_TRUE(ends.sealer->seal(9, packet));
      const auto opened = open_whole(*ends.opener, 9, packet);
      ASSERT_TRUE(opened) << suite.name();
      ASSERT_TRUE(same_bytes(*opened, body_of(clear, ends.sealer->shape().tag)));
    }
  }
}

TEST(PacketCipher, NothingClearIsLeftInASealedPacket) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite);
    auto packet = clear_packet(ends.sealer->shape(), 64, std::byte{0});
    const auto length = copy_of(Bytes(packet).first(4));
    ASSERT_TRUE(ends.sealer->seal(1, packet));
    const auto zeros = std::string(32, '0');
    EXPECT_EQ(to_hex(packet).find(zeros, 8), std::string::npos) << suite.name();
    const bool length_in_the_clear = suite.mac ? suite.mac->encrypt_then_mac : suite.cipher->name.starts_with("aes");
    EXPECT_EQ(same_bytes(Bytes(packet).first(4), length), length_in_the_clear) << suite.name();
  }
}

// Each bit in turn. Where the length is hit, the packet's size no longer fits, and where it fits the tag does not.
TEST(PacketCipher, NoBitCanBeFlipped) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite);
    auto packet = clear_packet(ends.sealer->shape(), 20, std::byte{0x55});
    ASSERT_TRUE(ends.sealer->seal(7, packet));
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
      auto changed = packet;
      changed[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
      EXPECT_FALSE(open_whole(*Ends(suite).opener, 7, changed)) << suite.name() << " bit " << bit;
      // And past the check of the size: the length is authenticated by itself.
      Ends again(suite);
      auto head = changed;
      (void)again.opener->packet_length(7, Buffer(head).first(again.opener->shape().head));
      EXPECT_FALSE(again.opener->open(7, head)) << suite.name() << " bit " << bit;
    }
    EXPECT_TRUE(open_whole(*Ends(suite).opener, 7, packet)) << suite.name();
  }
}

TEST(PacketCipher, E12_AForgeryIsNotShownDecrypted) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite);
    auto packet = clear_packet(ends.sealer->shape(), 64, std::byte{0x55});
    ASSERT_TRUE(ends.sealer->seal(7, packet));
    packet.back() ^= std::byte{1};
    (void)ends.opener->packet_length(7, Buffer(packet).first(ends.opener->shape().head));
    EXPECT_FALSE(ends.opener->open(7, packet));
    const auto body = Bytes(packet).subspan(4, packet.size() - 4 - ends.opener->shape().tag);
    EXPECT_EQ(to_hex(packet).find("5555555555555555"), std::string::npos) << suite.name();
    if (suite.mac && !suite.mac->encrypt_then_mac) {  // had to decrypt to check, the length too
      EXPECT_EQ(to_hex(body), std::string(2 * body.size(), '0')) << suite.name();
      EXPECT_EQ(load_be32(packet.data()), 0U) << suite.name();
    }
  }
}

TEST(PacketCipher, TheSequenceNumberCounts) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite);
    auto packet = clear_packet(ends.sealer->shape(), 20, std::byte{0x55});
    ASSERT_TRUE(ends.sealer->seal(7, packet));
    const bool gcm = suite.cipher->name.ends_with("gcm@openssh.com");  // counts packets by itself
    EXPECT_EQ(open_whole(*ends.opener, 8, packet).has_value(), gcm) << suite.name();
  }
}

TEST(PacketCipher, AReplayedOrSkippedPacketFails) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite);
    auto first = clear_packet(ends.sealer->shape(), 20, std::byte{1}),
         second = clear_packet(ends.sealer->shape(), 20, std::byte{2});
    ASSERT_TRUE(ends.sealer->seal(0, first) && ends.sealer->seal(1, second));
    ASSERT_TRUE(open_whole(*ends.opener, 0, first));
    EXPECT_FALSE(open_whole(*ends.opener, 1, first)) << suite.name();
    EXPECT_FALSE(open_whole(*Ends(suite).opener, 0, second)) << suite.name();
  }
}

TEST(PacketCipher, OtherKeysFail) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    Ends ends(suite, 1), others(suite, 2);
    auto packet = clear_packet(ends.sealer->shape(), 20, std::byte{0x55});
    ASSERT_TRUE(ends.sealer->seal(7, packet));
    EXPECT_FALSE(open_whole(*others.opener, 7, packet)) << suite.name();
  }
}

// Whatever the engine was told by a peer: sizes that cannot be packets are refused and nothing is read beyond them.
TEST(PacketCipher, PacketsThatAreTooShort) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    const auto shape = Ends(suite).sealer->shape();
    for (std::size_t size = 0; size < shape.head + shape.tag + 20; ++size) {
      Ends ends(suite);
      ByteVector packet(size, std::byte{0x77});
      if (size >= shape.head) (void)ends.opener->packet_length(3, Buffer(packet).first(shape.head));
      EXPECT_FALSE(ends.opener->open(3, packet)) << suite.name() << " " << size;
      if (size < 4 + shape.tag) {
        EXPECT_FALSE(ends.sealer->seal(3, packet)) << suite.name() << " " << size;
      }
    }
  }
}

TEST(PacketCipher, KeysOfWrongSizesMakeNothing) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    const ByteVector key(suite.cipher->key_size), iv(suite.cipher->iv_size),
        mac_key(suite.mac ? suite.mac->key_size : 0);
    const ByteVector odd(13);
    EXPECT_TRUE(suite.cipher->sealer({key, iv, mac_key}, suite.mac));
    EXPECT_FALSE(suite.cipher->sealer({odd, iv, mac_key}, suite.mac));
    EXPECT_FALSE(suite.cipher->opener({odd, iv, mac_key}, suite.mac));
    EXPECT_FALSE(suite.cipher->opener({{}, iv, mac_key}, suite.mac));
    if (suite.cipher->iv_size != 0) {
      EXPECT_FALSE(suite.cipher->opener({key, odd, mac_key}, suite.mac));
    }
    if (!suite.mac) continue;
    EXPECT_FALSE(suite.cipher->sealer({key, iv, odd}, suite.mac));
    EXPECT_FALSE(suite.cipher->opener({key, iv, mac_key}, nullptr));
    auto other_mac = *suite.mac;
    other_mac.tag_size = 20;
    EXPECT_FALSE(suite.cipher->opener({key, iv, mac_key}, &other_mac));
  }
}

TEST(PacketCipher, TheTablesSayWhatTheCiphersAre) {
  Bench bench;
  for (const auto& suite : suites(bench.provider)) {
    const auto shape = Ends(suite).sealer->shape(), other = Ends(suite).opener->shape();
    EXPECT_EQ(shape.tag, suite.mac ? suite.mac->tag_size : 16U) << suite.name();
    EXPECT_EQ(shape.head, other.head);
    EXPECT_EQ(shape.block, other.block);
    EXPECT_EQ(shape.length_is_aligned, suite.mac && !suite.mac->encrypt_then_mac) << suite.name();
    EXPECT_EQ(shape.head, shape.length_is_aligned ? 16U : 4U) << suite.name();
    EXPECT_EQ(suite.cipher->max_bytes, std::uint64_t{1} << 36);
  }
}

}  // namespace
}  // namespace nacre::testing
