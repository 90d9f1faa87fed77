// SSH's packets by OpenSSL's libcrypto: AES-GCM, ChaCha20 with Poly1305 (two keys, as OpenSSH composes them), AES-CTR with
// HMAC over what is encrypted. For comparison only.
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

#include "bench/bare.hpp"

namespace nacre::bench {
namespace {

struct Free {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Free>;

std::uint8_t* octets(Buffer bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }
const std::uint8_t* octets(Bytes bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

CipherContext cipher(const std::string& name, Bytes key, const std::uint8_t* iv, bool sealing) {
  CipherContext context(EVP_CIPHER_CTX_new());
  EVP_CipherInit_ex(context.get(), EVP_get_cipherbyname(name.c_str()), nullptr, octets(key), iv, sealing ? 1 : 0);
  return context;
}

bool crypt(EVP_CIPHER_CTX* context, Buffer bytes) {
  return EVP_Cipher(context, octets(bytes), octets(bytes), static_cast<unsigned>(bytes.size())) >= 0;
}

MacContext mac(const char* name, const char* digest) {
  EVP_MAC* method = EVP_MAC_fetch(nullptr, name, nullptr);
  MacContext context(EVP_MAC_CTX_new(method));
  EVP_MAC_free(method);
  if (digest) {
    std::string text = digest;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, text.data(), 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC_CTX_set_params(context.get(), parameters);
  }
  return context;
}

class Gcm final : public Bare {
 public:
  Gcm(const PacketKeys& keys, bool sealing)
      : cipher_(cipher("aes-" + std::to_string(keys.key.size() * 8) + "-gcm", keys.key, octets(keys.iv), sealing)),
        iv_(copy_of(keys.iv)) {}

  bool seal(Buffer packet) override {
    return crypt_all(packet) &&
           EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_GCM_GET_TAG, 16, packet.last(16).data()) == 1;
  }
  bool open(Buffer packet) override {
    EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_GCM_SET_TAG, 16, packet.last(16).data());
    return crypt_all(packet);
  }

 private:
  bool crypt_all(Buffer packet) {
    const auto body = packet.subspan(4, packet.size() - 20);
    EVP_CipherInit_ex(cipher_.get(), nullptr, nullptr, nullptr, octets(Bytes(iv_)), -1);
    EVP_Cipher(cipher_.get(), nullptr, octets(packet), 4);
    return crypt(cipher_.get(), body) && EVP_Cipher(cipher_.get(), nullptr, nullptr, 0) >= 0;
  }

  CipherContext cipher_;
  ByteVector iv_;
};

class ChachaPoly final : public Bare {
 public:
  explicit ChachaPoly(const PacketKeys& keys)
      : payload_(cipher("chacha20", keys.key.first(32), nullptr, true)),
        length_(cipher("chacha20", keys.key.last(32), nullptr, true)),
        poly_(mac("POLY1305", nullptr)) {}

  bool seal(Buffer packet) override {
    begin(length_, 0);
    crypt(length_.get(), packet.first(4));
    start();
    crypt(payload_.get(), packet.subspan(4, packet.size() - 20));
    return authenticate(packet, octets(packet.last(16)));
  }

  bool open(Buffer packet) override {
    std::array<std::byte, 4> length;
    std::memcpy(length.data(), packet.data(), 4);
    begin(length_, 0);
    crypt(length_.get(), length);
    std::array<std::uint8_t, 16> tag;
    start();
    if (!authenticate(packet, tag.data()) || CRYPTO_memcmp(tag.data(), packet.last(16).data(), 16) != 0) return false;
    return crypt(payload_.get(), packet.subspan(4, packet.size() - 20));
  }

 private:
  static void begin(const CipherContext& context, std::uint8_t block) {
    const std::array<std::uint8_t, 16> iv{block};
    EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, iv.data(), 1);
  }

  // Poly1305's key from block 0; then the payload's stream stands at block 1.
  void start() {
    std::array<std::byte, 32> key{};
    begin(payload_, 0);
    crypt(payload_.get(), key);
    EVP_MAC_init(poly_.get(), octets(Bytes(key)), key.size(), nullptr);
    begin(payload_, 1);
  }

  bool authenticate(Bytes packet, std::uint8_t* tag) {
    std::size_t size = 0;
    return EVP_MAC_update(poly_.get(), octets(packet), packet.size() - 16) == 1 &&
           EVP_MAC_final(poly_.get(), tag, &size, 16) == 1;
  }

  CipherContext payload_, length_;
  MacContext poly_;
};

class CtrHmac final : public Bare {
 public:
  CtrHmac(const PacketKeys& keys, std::size_t tag_size)
      : cipher_(cipher("aes-" + std::to_string(keys.key.size() * 8) + "-ctr", keys.key, octets(keys.iv), true)),
        hmac_(mac("HMAC", tag_size == 32 ? "SHA256" : "SHA512")),
        tag_size_(tag_size) {
    EVP_MAC_init(hmac_.get(), octets(keys.mac_key), keys.mac_key.size(), nullptr);
  }

  bool seal(Buffer packet) override {
    crypt(cipher_.get(), packet.subspan(4, packet.size() - 4 - tag_size_));
    return authenticate(packet, octets(packet.last(tag_size_)));
  }

  bool open(Buffer packet) override {
    std::array<std::uint8_t, 64> tag;
    if (!authenticate(packet, tag.data()) || CRYPTO_memcmp(tag.data(), packet.last(tag_size_).data(), tag_size_) != 0)
      return false;
    return crypt(cipher_.get(), packet.subspan(4, packet.size() - 4 - tag_size_));
  }

 private:
  bool authenticate(Bytes packet, std::uint8_t* tag) {
    static constexpr std::array<std::uint8_t, 4> number{};
    std::size_t size = 0;
    EVP_MAC_init(hmac_.get(), nullptr, 0, nullptr);
    EVP_MAC_update(hmac_.get(), number.data(), number.size());
    EVP_MAC_update(hmac_.get(), octets(packet), packet.size() - tag_size_);
    return EVP_MAC_final(hmac_.get(), tag, &size, tag_size_) == 1;
  }

  CipherContext cipher_;
  MacContext hmac_;
  std::size_t tag_size_;
};

}  // namespace

std::unique_ptr<Bare> openssl_composed(const Suite& suite, const PacketKeys& keys, bool sealing) {
  if (suite.mac) return std::make_unique<CtrHmac>(keys, suite.mac->tag_size);
  if (suite.cipher->name.starts_with("aes")) return std::make_unique<Gcm>(keys, sealing);
  return std::make_unique<ChachaPoly>(keys);
}

std::string openssl_version() { return OpenSSL_version(OPENSSL_VERSION_STRING); }

}  // namespace nacre::bench
