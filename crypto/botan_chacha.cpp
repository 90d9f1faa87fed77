// chacha20-poly1305@openssh.com: draft-ietf-sshm-chacha20-poly1305.
//
// Two keys: the first half of the 64 bytes is for the payload, the second for the 4 bytes of packet_length. The nonce
// of both is the sequence number. Block 0 of the payload's stream gives the Poly1305 key, the payload begins at block 1,
// and the tag covers the encrypted length and payload.
#include <botan/mac.h>
#include <botan/stream_cipher.h>

#include <array>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"

namespace nacre::parts {

namespace {

constexpr std::size_t tag_size = 16;
constexpr std::size_t key_size = 64;
constexpr PacketShape chacha_shape{.head = 4, .block = 8, .tag = tag_size, .length_is_aligned = false};

class ChachaPoly {
 public:
  explicit ChachaPoly(Bytes key)
      : payload_(Botan::StreamCipher::create_or_throw("ChaCha(20)")),
        length_(Botan::StreamCipher::create_or_throw("ChaCha(20)")),
        poly_(Botan::MessageAuthenticationCode::create_or_throw("Poly1305")) {
    payload_->set_key(octets(key.first(32)));
    length_->set_key(octets(key.last(32)));
  }

  void crypt_length(std::uint32_t sequence, Buffer length) {
    length_->set_iv(nonce(sequence));
    length_->cipher1(octets(length));
  }

  // Afterwards the payload's stream stands at block 1 and Poly1305 has its key.
  void start(std::uint32_t sequence) {
    std::array<std::uint8_t, 64> block0;
    payload_->set_iv(nonce(sequence));
    payload_->write_keystream(block0);
    poly_->set_key(std::span(block0).first(32));
    wipe(std::as_writable_bytes(std::span(block0)));
  }

  void crypt_body(Buffer body) { payload_->cipher1(octets(body)); }

  void tag(Bytes covered, Buffer tag) {
    poly_->update(octets(covered));
    poly_->final(octets(tag));
  }

 private:
  static std::array<std::uint8_t, 8> nonce(std::uint32_t sequence) {
    std::array<std::uint8_t, 8> nonce{};
    store_be32(sequence, std::as_writable_bytes(std::span(nonce)).data() + 4);
    return nonce;
  }

  std::unique_ptr<Botan::StreamCipher> payload_;
  std::unique_ptr<Botan::StreamCipher> length_;
  std::unique_ptr<Botan::MessageAuthenticationCode> poly_;
};

class ChachaOpener final : public Opener {
 public:
  explicit ChachaOpener(Bytes key) : chacha_(key) {}

  PacketShape shape() const override { return chacha_shape; }

  // Into a copy: the tag covers the length as it was sent.
  std::uint32_t packet_length(std::uint32_t sequence, Buffer head) override {
    std::array<std::byte, 4> length;
    std::memcpy(length.data(), head.data(), 4);
    const bool decrypted = guarded([&] {
      chacha_.crypt_length(sequence, length);
      return true;
    });
    return decrypted ? load_be32(length.data()) : 0;
  }

  std::optional<Buffer> open(std::uint32_t sequence, Buffer packet) override {
    return guarded([&]() -> std::optional<Buffer> {
      if (packet.size() < 4 + tag_size) return std::nullopt;
      std::array<std::byte, tag_size> expected;
      chacha_.start(sequence);
      chacha_.tag(packet.first(packet.size() - tag_size), expected);
      if (!equal_in_constant_time(expected, packet.last(tag_size))) return std::nullopt;
      const auto body = packet.subspan(4, packet.size() - 4 - tag_size);
      chacha_.crypt_body(body);
      return body;
    });
  }

 private:
  ChachaPoly chacha_;
};

class ChachaSealer final : public Sealer {
 public:
  explicit ChachaSealer(Bytes key) : chacha_(key) {}

  PacketShape shape() const override { return chacha_shape; }

  bool seal(std::uint32_t sequence, Buffer packet) override {
    return guarded([&] {
      if (packet.size() < 4 + tag_size) return false;
      chacha_.crypt_length(sequence, packet.first(4));
      chacha_.start(sequence);
      chacha_.crypt_body(packet.subspan(4, packet.size() - 4 - tag_size));
      chacha_.tag(packet.first(packet.size() - tag_size), packet.last(tag_size));
      return true;
    });
  }

 private:
  ChachaPoly chacha_;
};

}  // namespace

std::unique_ptr<Opener> chacha_opener(const PacketKeys& keys, const MacAlgorithm*) {
  return guarded([&]() -> std::unique_ptr<Opener> {
    return keys.key.size() == key_size ? std::make_unique<ChachaOpener>(keys.key) : nullptr;
  });
}

std::unique_ptr<Sealer> chacha_sealer(const PacketKeys& keys, const MacAlgorithm*) {
  return guarded([&]() -> std::unique_ptr<Sealer> {
    return keys.key.size() == key_size ? std::make_unique<ChachaSealer>(keys.key) : nullptr;
  });
}

}  // namespace nacre::parts
