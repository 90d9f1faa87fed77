// aes128-ctr, aes192-ctr, aes256-ctr (RFC 4344 4) with hmac-sha2-256 or -512 (RFC 6668), as RFC 4253 6.4 joins them and
// as the -etm@openssh.com forms do (OpenSSH's PROTOCOL 1.5).
//
// RFC 4253: the MAC is over sequence number and clear packet, and everything but the MAC is encrypted.
// EtM: packet_length stays clear, the MAC is over sequence number, length and ciphertext, and is checked first.
#include <botan/mac.h>
#include <botan/stream_cipher.h>

#include <array>
#include <string>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"

namespace nacre::parts {

namespace {

constexpr std::size_t block_size = 16;
constexpr std::size_t iv_size = 16;

class CtrMac {
 public:
  CtrMac(int key_bits, const PacketKeys& keys, const MacAlgorithm& mac)
      : tag_size_(mac.tag_size),
        encrypt_then_mac_(mac.encrypt_then_mac),
        stream_(Botan::StreamCipher::create_or_throw("CTR-BE(AES-" + std::to_string(key_bits) + ")")),
        mac_(Botan::MessageAuthenticationCode::create_or_throw(mac.id == hmac_sha2_512 ? "HMAC(SHA-512)"
                                                                                       : "HMAC(SHA-256)")) {
    stream_->set_key(octets(keys.key));
    stream_->set_iv(octets(keys.iv));
    mac_->set_key(octets(keys.mac_key));
  }

  PacketShape shape() const {
    return {.head = encrypt_then_mac_ ? 4 : block_size,
            .block = block_size,
            .tag = tag_size_,
            .length_is_aligned = !encrypt_then_mac_};
  }
  bool encrypt_then_mac() const { return encrypt_then_mac_; }

  // The smallest packet that has all the parts this class will touch.
  std::size_t least() const { return (encrypt_then_mac_ ? 4 : block_size) + tag_size_; }

  void crypt(Buffer bytes) { stream_->cipher1(octets(bytes)); }

  void tag(std::uint32_t sequence, Bytes covered, Buffer tag) {
    std::array<std::byte, 4> prefix;
    store_be32(sequence, prefix.data());
    mac_->update(octets(Bytes(prefix)));
    mac_->update(octets(covered));
    mac_->final(octets(tag));
  }

  bool tag_fits(std::uint32_t sequence, Bytes covered, Bytes tag_of_peer) {
    std::array<std::byte, Hash::max_size> expected;
    const auto mine = Buffer(expected).first(tag_size_);
    tag(sequence, covered, mine);
    return equal_in_constant_time(mine, tag_of_peer);
  }

 private:
  std::size_t tag_size_;
  bool encrypt_then_mac_;
  std::unique_ptr<Botan::StreamCipher> stream_;
  std::unique_ptr<Botan::MessageAuthenticationCode> mac_;
};

class CtrOpener final : public Opener {
 public:
  CtrOpener(int key_bits, const PacketKeys& keys, const MacAlgorithm& mac) : ctr_(key_bits, keys, mac) {}

  PacketShape shape() const override { return ctr_.shape(); }

  std::uint32_t packet_length(std::uint32_t, Buffer head) override {
    if (ctr_.encrypt_then_mac()) return load_be32(head.data());
    const bool decrypted = guarded([&] {
      ctr_.crypt(head.first(block_size));
      return true;
    });
    return decrypted ? load_be32(head.data()) : 0;
  }

  std::optional<Buffer> open(std::uint32_t sequence, Buffer packet) override {
    const auto body = guarded([&] { return checked(sequence, packet); });
    // RFC 4253's MAC is over what was decrypted: nobody shall see what that made of a forgery.
    if (!body && !ctr_.encrypt_then_mac()) wipe(packet);
    return body;
  }

 private:
  std::optional<Buffer> checked(std::uint32_t sequence, Buffer packet) {
    if (packet.size() < ctr_.least()) return std::nullopt;
    const auto tag_size = ctr_.shape().tag;
    const auto covered = packet.first(packet.size() - tag_size);
    const auto tag = packet.last(tag_size);
    if (!ctr_.encrypt_then_mac()) ctr_.crypt(covered.subspan(block_size));
    if (!ctr_.tag_fits(sequence, covered, tag)) return std::nullopt;
    if (ctr_.encrypt_then_mac()) ctr_.crypt(covered.subspan(4));
    return covered.subspan(4);
  }

  CtrMac ctr_;
};

class CtrSealer final : public Sealer {
 public:
  CtrSealer(int key_bits, const PacketKeys& keys, const MacAlgorithm& mac) : ctr_(key_bits, keys, mac) {}

  PacketShape shape() const override { return ctr_.shape(); }

  bool seal(std::uint32_t sequence, Buffer packet) override {
    return guarded([&] {
      if (packet.size() < ctr_.least()) return false;
      const auto tag_size = ctr_.shape().tag;
      const auto covered = packet.first(packet.size() - tag_size);
      const auto tag = packet.last(tag_size);
      if (ctr_.encrypt_then_mac()) {
        ctr_.crypt(covered.subspan(4));
        ctr_.tag(sequence, covered, tag);
      } else {
        ctr_.tag(sequence, covered, tag);
        ctr_.crypt(covered);
      }
      return true;
    });
  }

 private:
  CtrMac ctr_;
};

bool sizes_fit(int key_bits, const PacketKeys& keys, const MacAlgorithm* mac) {
  return mac != nullptr && keys.key.size() * 8 == static_cast<std::size_t>(key_bits) && keys.iv.size() == iv_size &&
         keys.mac_key.size() == mac->key_size && mac->tag_size == (mac->id == hmac_sha2_512 ? 64U : 32U);
}

}  // namespace

template <int key_bits>
std::unique_ptr<Opener> ctr_opener(const PacketKeys& keys, const MacAlgorithm* mac) {
  return guarded([&]() -> std::unique_ptr<Opener> {
    return sizes_fit(key_bits, keys, mac) ? std::make_unique<CtrOpener>(key_bits, keys, *mac) : nullptr;
  });
}

template <int key_bits>
std::unique_ptr<Sealer> ctr_sealer(const PacketKeys& keys, const MacAlgorithm* mac) {
  return guarded([&]() -> std::unique_ptr<Sealer> {
    return sizes_fit(key_bits, keys, mac) ? std::make_unique<CtrSealer>(key_bits, keys, *mac) : nullptr;
  });
}

template std::unique_ptr<Opener> ctr_opener<128>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Opener> ctr_opener<192>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Opener> ctr_opener<256>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Sealer> ctr_sealer<128>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Sealer> ctr_sealer<192>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Sealer> ctr_sealer<256>(const PacketKeys&, const MacAlgorithm*);

}  // namespace nacre::parts
