// aes128-gcm@openssh.com and aes256-gcm@openssh.com: RFC 5647 as OpenSSH's PROTOCOL 1.6 amends it.
//
// The 4 bytes of packet_length stay clear and are the additional data. The nonce is the derived IV, whose last eight
// bytes count packets: it is not the sequence number and knows nothing of it.
#include <botan/aead.h>

#include <array>
#include <string>

#include "crypto/botan_guard.hpp"
#include "crypto/botan_parts.hpp"

namespace nacre::parts {

namespace {

constexpr std::size_t tag_size = 16;
constexpr std::size_t iv_size = 12;
constexpr PacketShape gcm_shape{.head = 4, .block = 16, .tag = tag_size, .length_is_aligned = false};

class Gcm {
 public:
  Gcm(int key_bits, Botan::Cipher_Dir direction, const PacketKeys& keys)
      : mode_(Botan::AEAD_Mode::create_or_throw("AES-" + std::to_string(key_bits) + "/GCM", direction)) {
    mode_->set_key(octets(keys.key));
    std::memcpy(nonce_.data(), keys.iv.data(), iv_size);
    first_ = load_be64(nonce_.data() + 4);
    tag_.reserve(2 * tag_size);  // what finish() needs, so that no packet allocates
  }

  bool seal(Buffer packet) {
    const auto body = packet.subspan(4, packet.size() - 4 - tag_size);
    if (!start(packet.first(4))) return false;
    mode_->process(octets(body));
    tag_.clear();
    mode_->finish(tag_);
    std::memcpy(packet.last(tag_size).data(), tag_.data(), tag_size);
    return true;
  }

  bool open(Buffer packet) {
    const auto body = packet.subspan(4, packet.size() - 4 - tag_size);
    const auto tag = octets(Bytes(packet.last(tag_size)));
    if (!start(packet.first(4))) return false;
    mode_->process(octets(body));
    tag_.assign(tag.begin(), tag.end());
    mode_->finish(tag_);  // throws when the tag is wrong
    return true;
  }

 private:
  // A nonce that comes round again would give the key away, so the packet before it was the last.
  bool start(Bytes length) {
    if (spent_) return false;
    mode_->set_associated_data(octets(length));
    mode_->start(octets(Bytes(nonce_)));
    const auto next = load_be64(nonce_.data() + 4) + 1;
    store_be64(next, nonce_.data() + 4);
    spent_ = next == first_;
    return true;
  }

  std::unique_ptr<Botan::AEAD_Mode> mode_;
  std::array<std::byte, iv_size> nonce_;
  std::uint64_t first_ = 0;
  bool spent_ = false;
  Botan::secure_vector<std::uint8_t> tag_;
};

class GcmOpener final : public Opener {
 public:
  GcmOpener(int key_bits, const PacketKeys& keys) : gcm_(key_bits, Botan::Cipher_Dir::Decryption, keys) {}

  PacketShape shape() const override { return gcm_shape; }
  std::uint32_t packet_length(std::uint32_t, Buffer head) override { return load_be32(head.data()); }

  std::optional<Buffer> open(std::uint32_t, Buffer packet) override {
    if (packet.size() < 4 + tag_size) return std::nullopt;
    const auto body = packet.subspan(4, packet.size() - 4 - tag_size);
    if (guarded([&] { return gcm_.open(packet); })) return body;
    wipe(body);  // Botan decrypts while it checks: nobody shall see what it made of a forgery
    return std::nullopt;
  }

 private:
  Gcm gcm_;
};

class GcmSealer final : public Sealer {
 public:
  GcmSealer(int key_bits, const PacketKeys& keys) : gcm_(key_bits, Botan::Cipher_Dir::Encryption, keys) {}

  PacketShape shape() const override { return gcm_shape; }
  bool seal(std::uint32_t, Buffer packet) override {
    return packet.size() >= 4 + tag_size && guarded([&] { return gcm_.seal(packet); });
  }

 private:
  Gcm gcm_;
};

bool sizes_fit(int key_bits, const PacketKeys& keys) {
  return keys.key.size() * 8 == static_cast<std::size_t>(key_bits) && keys.iv.size() == iv_size;
}

}  // namespace

template <int key_bits>
std::unique_ptr<Opener> gcm_opener(const PacketKeys& keys, const MacAlgorithm*) {
  return guarded([&]() -> std::unique_ptr<Opener> {
    return sizes_fit(key_bits, keys) ? std::make_unique<GcmOpener>(key_bits, keys) : nullptr;
  });
}

template <int key_bits>
std::unique_ptr<Sealer> gcm_sealer(const PacketKeys& keys, const MacAlgorithm*) {
  return guarded([&]() -> std::unique_ptr<Sealer> {
    return sizes_fit(key_bits, keys) ? std::make_unique<GcmSealer>(key_bits, keys) : nullptr;
  });
}

template std::unique_ptr<Opener> gcm_opener<128>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Opener> gcm_opener<256>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Sealer> gcm_sealer<128>(const PacketKeys&, const MacAlgorithm*);
template std::unique_ptr<Sealer> gcm_sealer<256>(const PacketKeys&, const MacAlgorithm*);

}  // namespace nacre::parts
