// Botan's own calls on the bytes of a packet.
#include <botan/aead.h>
#include <botan/mac.h>
#include <botan/stream_cipher.h>

#include <array>
#include <span>

#include "bench/bare.hpp"

namespace nacre::bench {
namespace {

constexpr std::size_t aead_tag = 16;

std::span<std::uint8_t> octets(Buffer bytes) { return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}; }
std::span<const std::uint8_t> octets(Bytes bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string bits(Bytes key) { return std::to_string(key.size() * 8); }

class Gcm final : public Bare {
 public:
  Gcm(const PacketKeys& keys, bool sealing)
      : mode_(Botan::AEAD_Mode::create_or_throw(
            "AES-" + bits(keys.key) + "/GCM",
            sealing ? Botan::Cipher_Dir::Encryption : Botan::Cipher_Dir::Decryption)) {
    mode_->set_key(octets(keys.key));
    tag_.reserve(2 * aead_tag);
  }

  bool seal(Buffer packet) override {
    start(packet);
    tag_.clear();
    mode_->finish(tag_);
    std::memcpy(packet.last(aead_tag).data(), tag_.data(), aead_tag);
    return true;
  }

  bool open(Buffer packet) override {
    start(packet);
    const auto tag = octets(packet.last(aead_tag));
    tag_.assign(tag.begin(), tag.end());
    mode_->finish(tag_);  // throws when the tag is wrong
    return true;
  }

 private:
  void start(Buffer packet) {
    static constexpr std::array<std::uint8_t, 12> nonce{};
    mode_->set_associated_data(octets(packet.first(4)));
    mode_->start(nonce);
    mode_->process(octets(packet.subspan(4, packet.size() - 4 - aead_tag)));
  }

  std::unique_ptr<Botan::AEAD_Mode> mode_;
  Botan::secure_vector<std::uint8_t> tag_;
};

class ChachaPoly final : public Bare {
 public:
  explicit ChachaPoly(const PacketKeys& keys)
      : cipher_(Botan::StreamCipher::create_or_throw("ChaCha(20)")),
        poly_(Botan::MessageAuthenticationCode::create_or_throw("Poly1305")) {
    cipher_->set_key(octets(keys.key.first(32)));
  }

  bool seal(Buffer packet) override {
    start();
    cipher_->cipher1(octets(packet.subspan(4, packet.size() - 4 - aead_tag)));
    poly_->update(octets(packet.first(packet.size() - aead_tag)));
    poly_->final(octets(packet.last(aead_tag)));
    return true;
  }

  bool open(Buffer packet) override {
    std::array<std::byte, aead_tag> tag;
    start();
    poly_->update(octets(packet.first(packet.size() - aead_tag)));
    poly_->final(octets(Buffer(tag)));
    cipher_->cipher1(octets(packet.subspan(4, packet.size() - 4 - aead_tag)));
    return std::memcmp(tag.data(), packet.last(aead_tag).data(), aead_tag) == 0;
  }

 private:
  void start() {
    static constexpr std::array<std::uint8_t, 8> nonce{};
    std::array<std::uint8_t, 64> block;
    cipher_->set_iv(nonce);
    cipher_->write_keystream(block);
    poly_->set_key(std::span(block).first(32));
  }

  std::unique_ptr<Botan::StreamCipher> cipher_;
  std::unique_ptr<Botan::MessageAuthenticationCode> poly_;
};

// Encrypt-then-MAC: the length stays clear, the MAC covers the packet's number, its length and what is encrypted.
class CtrHmac final : public Bare {
 public:
  CtrHmac(const PacketKeys& keys, std::size_t tag_size)
      : cipher_(Botan::StreamCipher::create_or_throw("CTR-BE(AES-" + bits(keys.key) + ")")),
        hmac_(Botan::MessageAuthenticationCode::create_or_throw(tag_size == 32 ? "HMAC(SHA-256)" : "HMAC(SHA-512)")),
        tag_size_(tag_size) {
    cipher_->set_key(octets(keys.key));
    cipher_->set_iv(octets(keys.iv));
    hmac_->set_key(octets(keys.mac_key));
  }

  bool seal(Buffer packet) override {
    cipher_->cipher1(octets(packet.subspan(4, packet.size() - 4 - tag_size_)));
    mac(packet, packet.last(tag_size_));
    return true;
  }

  bool open(Buffer packet) override {
    std::array<std::byte, 64> tag;
    mac(packet, Buffer(tag).first(tag_size_));
    cipher_->cipher1(octets(packet.subspan(4, packet.size() - 4 - tag_size_)));
    return std::memcmp(tag.data(), packet.last(tag_size_).data(), tag_size_) == 0;
  }

 private:
  void mac(Bytes packet, Buffer tag) {
    static constexpr std::array<std::uint8_t, 4> number{};
    hmac_->update(number);
    hmac_->update(octets(packet.first(packet.size() - tag_size_)));
    hmac_->final(octets(tag));
  }

  std::unique_ptr<Botan::StreamCipher> cipher_;
  std::unique_ptr<Botan::MessageAuthenticationCode> hmac_;
  std::size_t tag_size_;
};

}  // namespace

std::unique_ptr<Bare> botan_bare(const Suite& suite, const PacketKeys& keys, bool sealing) {
  if (suite.mac) return std::make_unique<CtrHmac>(keys, suite.mac->tag_size);
  if (suite.cipher->name.starts_with("aes")) return std::make_unique<Gcm>(keys, sealing);
  return std::make_unique<ChachaPoly>(keys);
}

}  // namespace nacre::bench
