// What locks an openssh-key-v1 file: its ciphers and the key derivation from a passphrase (OpenSSH's PROTOCOL.key).
#pragma once

#include <string_view>

#include "crypto/secret.hpp"

namespace nacre {

struct KeyFileCipher {
  std::string_view name;
  std::size_t key_size;
  std::size_t iv_size;
  std::size_t block;
  std::size_t tag;   // bytes that stand behind the encrypted section: 0 but for GCM
  bool for_writing;  // weaker ones are read and not written
};
const KeyFileCipher* find_key_file_cipher(std::string_view name);  // null: not known

// bcrypt_pbkdf, as long as `out`. False when a primitive failed or a field is out of its bounds.
[[nodiscard]] bool bcrypt_pbkdf(Bytes passphrase, Bytes salt, std::uint32_t rounds, Buffer out);

// In place. `key_and_iv` is what was derived: key_size bytes, then iv_size. False when a primitive failed, a size is
// wrong, or the tag is not that of the section.
[[nodiscard]] bool encrypt_section(const KeyFileCipher& cipher, Bytes key_and_iv, Buffer section, Buffer tag);
[[nodiscard]] bool decrypt_section(const KeyFileCipher& cipher, Bytes key_and_iv, Buffer section, Bytes tag);

}  // namespace nacre
