// Attacks on the binary packet: lengths, paddings, tags, counters (rows I07 to I16 of rows.txt). Most are made on the
// parts that read and write packets, for every cipher and MAC; and once each on an engine, for what it says.
#include "crypto/botan_provider.hpp"
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

struct Protection {
  const CipherAlgorithm* cipher;
  const MacAlgorithm* mac;
  std::string name() const { return std::string(cipher->name) + (mac ? " " + std::string(mac->name) : ""); }
};

std::vector<Protection> protections() {
  static const auto random = seeded_random(1);
  static const auto provider = botan_provider(*random);
  std::vector<Protection> all;
  for (const auto& cipher : provider.ciphers) {
    if (cipher.authenticates) all.push_back({&cipher, nullptr});
    if (cipher.authenticates) continue;
    for (const auto& mac : provider.macs) all.push_back({&cipher, &mac});
  }
  return all;
}

PuppetOptions options_with(const Protection& protection, Role role) {
  PuppetOptions options{.engine = role};
  options.algorithms.ciphers = {std::string(protection.cipher->name)};
  for (auto* names : {&options.algorithms, &options.client.algorithms, &options.server.algorithms}) {
    names->macs = {"hmac-sha2-256"};
    if (protection.mac) names->macs = {std::string(protection.mac->name)};
  }
  return options;
}

// A sealer and a reader with the same keys.
struct Stream {
  explicit Stream(const Protection& protection, std::uint64_t most = 0xffffffff) : reader(most) {
    const ByteVector key(protection.cipher->key_size, std::byte{1}), iv(protection.cipher->iv_size, std::byte{2}),
        mac_key(protection.mac ? protection.mac->key_size : 0, std::byte{3});
    const PacketKeys keys{key, iv, mac_key};
    writer.switch_keys(protection.cipher->sealer(keys, protection.mac), true);
    opener = protection.cipher->opener(keys, protection.mac);
    shape = opener->shape();
    reader.switch_keys(std::move(opener), true);
  }
  ByteVector sealed() {
    auto bytes = copy_of(outbox.outgoing());
    outbox.sent(bytes.size());
    return bytes;
  }
  void give(Bytes bytes) {
    while (!bytes.empty()) {
      const auto room = inbox.incoming();
      const auto size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      inbox.received(size);
      bytes = bytes.subspan(size);
    }
  }
  // Everything the reader makes of it: payloads, then the error if there is one.
  Error read(std::vector<ByteVector>& payloads) {
    for (;;) {
      const auto packet = reader.next(inbox, 35'000);
      if (!packet) return packet.error();
      if (!*packet) return {};
      payloads.push_back(copy_of((*packet)->payload));
      inbox.take((*packet)->wire_size);
    }
  }

  std::unique_ptr<Random> random = seeded_random(1);
  Outbox outbox;
  PacketWriter writer{outbox, *random};
  Inbox inbox{100'000};
  PacketReader reader;
  std::unique_ptr<Opener> opener;
  PacketShape shape;
};

// The length of the first packet changed from what it is, through the cipher: all of them are stream ciphers there.
void set_length(ByteVector& packet, std::uint32_t is, std::uint32_t wanted) {
  store_be32(load_be32(packet.data()) ^ is ^ wanted, packet.data());
}

ByteVector clear_packet(std::uint32_t length, std::uint8_t padding, std::size_t bytes) {
  ByteVector packet(4 + bytes, std::byte{0});
  store_be32(length, packet.data());
  if (bytes > 0) packet[4] = static_cast<std::byte>(padding);
  if (bytes > 1) packet[5] = std::byte{Ignore::number};
  return packet;
}

TEST(attacks_packet, I07_lengths_that_wrap_or_never_come) {
  for (const auto role : both) {
    const std::uint32_t most = role == Role::server ? 35'000 : 256 * 1024;
    for (const std::uint32_t length : {most + 4, 0x7ffffffcU, 0x80000004U, 0xfffffff4U, 0xfffffffcU, 0xffffffffU}) {
      auto puppet = silent(role);
      puppet->send_raw(bytes_of("SSH-2.0-x\r\n"));
      puppet->send_raw(clear_packet(length, 4, 0));  // four bytes, and it must not wait for more
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::packet_length)) << length;
    }
  }
  for (const auto& protection : protections())
    for (const std::uint32_t length : {35'001U, 0x7fffffffU, 0x80000000U, 0xffffffffU - 18, 0xffffffffU}) {
      Stream stream(protection);
      stream.writer.send(Ignore{ByteVector(40)});
      auto packet = stream.sealed();
      const auto is = static_cast<std::uint32_t>(packet.size() - 4 - stream.shape.tag);
      set_length(packet, is, length);
      stream.give(Bytes(packet).first(stream.shape.head));
      std::vector<ByteVector> payloads;
      EXPECT_EQ(stream.read(payloads).code, Code::packet_corrupt) << protection.name() << " " << length;
    }
}

TEST(attacks_packet, I08_lengths_that_underflow) {
  for (const auto& protection : protections())
    for (std::uint32_t step = 0; step <= 128; ++step) {
      const auto length = step <= 64 ? step : 0xffffffffU - (step - 65);
      Stream stream(protection);
      stream.writer.send(Ignore{ByteVector(40)});
      auto packet = stream.sealed();
      const auto is = static_cast<std::uint32_t>(packet.size() - 4 - stream.shape.tag);
      if (length == is) continue;
      set_length(packet, is, length);
      stream.give(packet);
      std::vector<ByteVector> payloads;
      const auto error = stream.read(payloads);
      EXPECT_TRUE(payloads.empty()) << protection.name() << " " << length;
      // A length that could be one, and is longer than what is there, is waited for; every other one is an end.
      const auto aligned = length + (stream.shape.length_is_aligned ? 4 : 0);
      const bool could_be = length > is && length <= 64 && aligned % stream.shape.block == 0;
      EXPECT_EQ(error.code, could_be ? Code::none : Code::packet_corrupt) << protection.name() << " " << length;
    }
  // In the clear, and for what is said. 12 is OpenSSH's shortest, and below RFC 4253's own minimum.
  for (const auto role : both)
    for (std::uint32_t length = 0; length <= 64; ++length) {
      auto puppet = silent(role);
      puppet->send_raw(bytes_of("SSH-2.0-x\r\n"));
      puppet->send_raw(clear_packet(length, 4, length));
      puppet->pump();
      if (length >= 12 && (length + 4) % 8 == 0)
        EXPECT_TRUE(puppet->closed == 0) << length;
      else
        EXPECT_TRUE(ended(*puppet, Code::packet_length)) << length;
    }
}

// Packet lengths that the cipher's blocks permit: one below 255, and one above.
struct Sizes {
  std::size_t small, large;
};
Sizes sizes_of(const Protection& protection) {
  const auto shape = Stream(protection).shape;
  const std::size_t head = shape.length_is_aligned ? 4 : 0;
  return {4 * shape.block - head, 48 * shape.block - head};
}

// An engine whose peer's first packet under keys is sealed by hand: of this length, with this padding, and between them
// a message that nobody has assigned.
std::unique_ptr<Puppet> given_padding(const Protection& protection, Role role, std::size_t length,
                                      std::size_t padding) {
  auto puppet = std::make_unique<Puppet>(options_with(protection, role));
  puppet->auto_login = false;
  std::unique_ptr<Sealer> sealer;
  puppet->on_shared_secret = [&, p = puppet.get()](Bytes secret) {
    const bool up = role == Role::server;
    const auto hash = p->agreement.key_exchange->hash();
    const auto& choice = up ? p->agreement.to_server : p->agreement.to_client;
    const auto keys = derive_keys(*hash, secret, p->exchange_hash_value, p->session_id, choice, up);
    sealer = choice.cipher->sealer(keys->view(), choice.mac);
  };
  EXPECT_TRUE(puppet->exchange()) << puppet->log();
  puppet->on_shared_secret = {};
  puppet->forget();
  ByteVector packet(4 + length + sealer->shape().tag, std::byte{8});
  store_be32(static_cast<std::uint32_t>(length), packet.data());
  packet[4] = static_cast<std::byte>(padding);
  EXPECT_TRUE(sealer->seal(0, packet));
  puppet->send_raw(packet);
  puppet->pump();
  return puppet;
}

TEST(attacks_packet, I09_paddings_that_eat_the_payload) {
  for (const auto role : both) {
    for (const std::uint8_t padding :
         {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{19}, std::uint8_t{20}, std::uint8_t{21}, std::uint8_t{255}}) {
      auto puppet = silent(role);
      puppet->send_raw(bytes_of("SSH-2.0-x\r\n"));
      puppet->send_raw(clear_packet(20, padding, 20));
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::packet_padding)) << int{padding};
    }
    for (const auto& protection : protections()) {  // authentic, and still no packet
      const auto sizes = sizes_of(protection);
      for (const std::size_t padding : {std::size_t{0}, std::size_t{3}, sizes.small - 1, sizes.small, std::size_t{255}})
        EXPECT_TRUE(ended(*given_padding(protection, role, sizes.small, padding), Code::packet_padding))
            << protection.name() << " " << padding << " of " << sizes.small;
      // The least and the most there may be.
      EXPECT_TRUE(given_padding(protection, role, sizes.small, 4)->has(Unimplemented::number)) << protection.name();
      EXPECT_TRUE(given_padding(protection, role, sizes.large, 255)->has(Unimplemented::number)) << protection.name();
    }
  }
}

// What an engine says to one packet of 48 bytes, spoilt in a way of `fault`.
ByteVector said_to(const Protection& protection, Role role, int fault) {
  auto puppet = logged_in(options_with(protection, role));
  puppet->send(Ignore{ByteVector(40)});
  auto packet = puppet->sealed();
  const auto tag = protection.mac ? protection.mac->tag_size : 16;
  const auto is = static_cast<std::uint32_t>(packet.size() - 4 - tag);
  if (fault == 0) set_length(packet, is, 3);
  if (fault == 1) set_length(packet, is, is + 1);
  if (fault == 2) set_length(packet, is, 0xffffffff);
  if (fault == 3) packet.back() ^= std::byte{1};
  if (fault == 4) packet[packet.size() - tag - 1] ^= std::byte{1};
  puppet->send_raw(packet);
  puppet->pump();
  EXPECT_TRUE(ended(*puppet, Code::packet_corrupt, Reason::mac_error)) << protection.name() << " " << fault;
  return puppet->received.empty() ? ByteVector{} : puppet->received.back();
}

TEST(attacks_packet, I10_an_oracle_of_different_answers) {
  for (const auto& protection : protections()) {
    const auto role = protection.mac ? Role::server : Role::client;
    const auto first = said_to(protection, role, 0);
    for (int fault = 1; fault <= 4; ++fault) EXPECT_EQ(said_to(protection, role, fault), first) << protection.name();
  }
  for (const auto& protection : protections()) EXPECT_EQ(protection.cipher->name.find("cbc"), std::string_view::npos);
}

TEST(attacks_packet, I11_decrypting_before_the_tag_is_checked) {
  for (const auto& protection : protections()) {
    Stream stream(protection);
    stream.writer.send(Ignore{ByteVector(200, std::byte{0x55})});
    auto packet = stream.sealed();
    packet.back() ^= std::byte{1};
    stream.give(packet);
    std::vector<ByteVector> payloads;
    EXPECT_EQ(stream.read(payloads).code, Code::packet_corrupt);
    const auto left = stream.inbox.pending();
    const auto body = Bytes(packet).subspan(4, packet.size() - 4 - stream.shape.tag);
    // Botan's GCM does both at once, and the MAC of a plain text needs the plain text: wiped, then.
    const bool gcm = protection.cipher->name.find("gcm") != std::string_view::npos;
    const bool of_plain_text = protection.mac && !protection.mac->encrypt_then_mac;
    const auto expected = gcm || of_plain_text ? ByteVector(body.size()) : copy_of(body);
    EXPECT_TRUE(same_bytes(left.subspan(4, body.size()), expected)) << protection.name() << ": it was touched";
  }
}

TEST(attacks_packet, I12_every_flipped_bit) {
  for (const auto& protection : protections()) {
    Stream measure(protection);
    for (int i = 0; i < 3; ++i) measure.writer.send(Debug{true, "x", {}});
    const auto good = measure.sealed();
    for (std::size_t bit = 0; bit < good.size() * 8; bit += sanitized ? 7 : 1) {
      Stream stream(protection);
      auto bytes = good;
      bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      stream.give(bytes);
      std::vector<ByteVector> payloads;
      auto error = stream.read(payloads);
      EXPECT_LE(payloads.size(), bit / 8 / (good.size() / 3)) << protection.name() << " bit " << bit;
      if (error.code == Code::none) {  // it waits for what the changed length promises, and gets it
        stream.give(ByteVector(40'000));
        error = stream.read(payloads);
      }
      ASSERT_EQ(error.code, Code::packet_corrupt) << protection.name() << " bit " << bit;
    }
  }
}

TEST(attacks_packet, I13_counters_that_start_over) {
  for (const auto& protection : protections()) {  // the same keys, and no nonce twice: the last of four is refused
    Stream stream(protection, 3);
    for (int i = 0; i < 4; ++i) stream.writer.send(Ignore{bytes_of("x")});
    stream.give(stream.sealed());
    std::vector<ByteVector> payloads;
    EXPECT_EQ(stream.read(payloads).code, Code::sequence_exhausted) << protection.name();
    EXPECT_EQ(payloads.size(), 3U);
  }
  for (const auto role : both) {
    PuppetOptions options{.engine = role};
    options.client.limits.packets_per_key = options.server.limits.packets_per_key = 50;
    auto receives = logged_in(options);
    for (int i = 0; i < 60; ++i) receives->send(Ignore{bytes_of("x")});
    receives->pump();
    EXPECT_TRUE(ended(*receives, Code::sequence_exhausted));

    auto sends = logged_in(options);
    int sent = 0;
    while (sent < 60 && sends->closed == 0) {
      ++sent;
      static_cast<void>(sends->engine().ignore(bytes_of("x")));
      sends->pump();
    }
    EXPECT_LT(sent, 52);
    EXPECT_EQ(sends->code(), Code::sequence_exhausted);
    EXPECT_LE(sends->count(Ignore::number), 50U);

    options.client.limits.rekey_packets = options.server.limits.rekey_packets = 30;  // the soft mark asks for new keys
    auto rekeys = logged_in(options);
    for (int i = 0; i < 200; ++i) {
      rekeys->send(Ignore{bytes_of("x")});
      if (i % 5 == 0) rekeys->pump();
    }
    rekeys->pump();
    EXPECT_GE(rekeys->told("KeysExchanged first=0"), 5U);
    EXPECT_TRUE(lives(*rekeys));
  }
  EXPECT_EQ(Limits{}.rekey_packets, std::uint64_t{1} << 31);
  EXPECT_EQ(Limits{}.packets_per_key, 0xffffffffU);
}

TEST(attacks_packet, I14_a_counter_brought_round_before_the_first_keys) {
  for (const auto role : both) {
    auto puppet = silent(role);
    puppet->options.hold_kex_init = true;
    puppet->send_raw(bytes_of("SSH-2.0-x\r\n"));
    for (int i = 0; i < 100 && puppet->closed == 0; ++i) {
      puppet->send(Ignore{});
      puppet->pump();
    }
    EXPECT_TRUE(ended(*puppet, Code::too_much_chatter)) << "64 of 2^32 are all there may be";

    PuppetOptions options{.engine = role, .strict = false, .hold_kex_init = true};
    options.client.limits.packets_per_key = options.server.limits.packets_per_key = 3;
    Puppet counted(options);
    counted.start();
    for (int i = 0; i < 3; ++i) counted.send(Ignore{});
    counted.send_kex_init();
    counted.pump();
    EXPECT_TRUE(ended(counted, Code::sequence_exhausted));
  }
}

TEST(attacks_packet, I15_no_cipher_and_no_mac) {
  for (const auto& protection : protections()) {
    EXPECT_NE(protection.cipher->name, "none");
    EXPECT_TRUE(!protection.mac || protection.mac->name != "none");
    EXPECT_EQ(protection.cipher->authenticates, protection.mac == nullptr);
  }
  for (const auto role : both) {
    Puppet ciphers({.engine = role, .edit_kex_init = with_lists({{&KexInit::ciphers_to_client, "none"}})});
    EXPECT_FALSE(ciphers.exchange());
    EXPECT_TRUE(ended(ciphers, Code::no_common_algorithm, Reason::key_exchange_failed));
    Puppet macs({.engine = role,
                 .edit_kex_init =
                     with_lists({{&KexInit::ciphers_to_server, "aes128-ctr"}, {&KexInit::macs_to_server, "none"}})});
    EXPECT_FALSE(macs.exchange());
    EXPECT_TRUE(ended(macs, Code::no_common_algorithm, Reason::key_exchange_failed));
    PuppetOptions asked{.engine = role};  // nor can a program ask for it
    asked.client.algorithms.ciphers = asked.server.algorithms.ciphers = {"none"};
    Puppet configured(asked);
    configured.start();
    configured.pump();
    EXPECT_EQ(configured.code(), Code::configuration);
  }
}

TEST(attacks_packet, I16_compression) {
  for (const auto role : both)
    for (const auto list : {&KexInit::compressions_to_client, &KexInit::compressions_to_server})
      for (const auto* names : {"zlib", "zlib@openssh.com", "zlib@openssh.com,zlib", ""}) {
        Puppet puppet({.engine = role, .edit_kex_init = with_lists({{list, names}})});
        EXPECT_FALSE(puppet.exchange());
        EXPECT_TRUE(ended(puppet, Code::no_common_algorithm, Reason::key_exchange_failed)) << names;
        for (const auto& payload : puppet.received)
          EXPECT_EQ(text_of(payload).find("zlib"), std::string_view::npos) << "offered";
      }
}

}  // namespace
}  // namespace nacre::test
