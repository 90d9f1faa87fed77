// The locks of key files, by Botan: bcrypt_pbkdf, AES-CTR, AES-GCM without additional data.
#include <botan/aead.h>
#include <botan/pwdhash.h>
#include <botan/stream_cipher.h>

#include <string>

#include "crypto/botan_guard.hpp"
#include "crypto/key_protection.hpp"

namespace nacre {

namespace {

std::string aes(const KeyFileCipher& cipher) { return "AES-" + std::to_string(cipher.key_size * 8); }

bool sizes_fit(const KeyFileCipher& cipher, Bytes key_and_iv, Bytes section, Bytes tag) {
  return key_and_iv.size() == cipher.key_size + cipher.iv_size && section.size() % cipher.block == 0 &&
         tag.size() == cipher.tag;
}

void crypt_ctr(const KeyFileCipher& cipher, Bytes key_and_iv, Buffer section) {
  const auto stream = Botan::StreamCipher::create_or_throw("CTR-BE(" + aes(cipher) + ")");
  stream->set_key(octets(key_and_iv.first(cipher.key_size)));
  stream->set_iv(octets(key_and_iv.last(cipher.iv_size)));
  stream->cipher1(octets(section));
}

std::unique_ptr<Botan::AEAD_Mode> gcm(const KeyFileCipher& cipher, Botan::Cipher_Dir direction, Bytes key_and_iv) {
  auto mode = Botan::AEAD_Mode::create_or_throw(aes(cipher) + "/GCM", direction);
  mode->set_key(octets(key_and_iv.first(cipher.key_size)));
  mode->start(octets(key_and_iv.last(cipher.iv_size)));
  return mode;
}

}  // namespace

bool bcrypt_pbkdf(Bytes passphrase, Bytes salt, std::uint32_t rounds, Buffer out) {
  return guarded([&] {
    if (passphrase.empty() || salt.empty() || rounds == 0) return false;
    const auto family = Botan::PasswordHashFamily::create_or_throw("Bcrypt-PBKDF");
    family->from_iterations(rounds)->hash(octets(out), text_of(passphrase), octets(salt));
    return true;
  });
}

bool encrypt_section(const KeyFileCipher& cipher, Bytes key_and_iv, Buffer section, Buffer tag) {
  return guarded([&] {
    if (!sizes_fit(cipher, key_and_iv, section, tag)) return false;
    if (cipher.tag == 0) {
      crypt_ctr(cipher, key_and_iv, section);
      return true;
    }
    const auto mode = gcm(cipher, Botan::Cipher_Dir::Encryption, key_and_iv);
    Botan::secure_vector<std::uint8_t> made;
    mode->process(octets(section));
    mode->finish(made);
    std::memcpy(tag.data(), made.data(), tag.size());
    return true;
  });
}

bool decrypt_section(const KeyFileCipher& cipher, Bytes key_and_iv, Buffer section, Bytes tag) {
  return guarded([&] {
    if (!sizes_fit(cipher, key_and_iv, section, tag)) return false;
    if (cipher.tag == 0) {
      crypt_ctr(cipher, key_and_iv, section);
      return true;
    }
    const auto mode = gcm(cipher, Botan::Cipher_Dir::Decryption, key_and_iv);
    Botan::secure_vector<std::uint8_t> expected(octets(tag).begin(), octets(tag).end());
    mode->process(octets(section));
    mode->finish(expected);  // throws when the tag is wrong
    return true;
  });
}

}  // namespace nacre
