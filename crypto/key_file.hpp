// Keys as text: openssh-key-v1 private key files, public key lines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/expected.hpp"
#include "crypto/keys.hpp"
#include "crypto/secret.hpp"

namespace nacre {

enum class KeyFileError {
  not_a_key,     // no BEGIN OPENSSH PRIVATE KEY line
  other_format,  // a PEM of another kind (PKCS#1, PKCS#8, EC): ssh-keygen -p converts it
  too_large,     // over 1 MiB
  malformed,     // armour, fields, padding or check words don't fit
  unknown_cipher,
  unknown_kdf,
  too_many_rounds,  // bcrypt rounds over 2048
  unknown_key_type,
  passphrase_needed,  // encrypted, and no passphrase was given
  passphrase_wrong,   // or the file is damaged: the two can't be told apart
  halves_differ,      // the public half in the clear is not that of the private half
};

// One sentence without a full stop, for people: what is wrong and what to do about it.
std::string_view describe(KeyFileError error);

struct PrivateKeyFile {
  std::unique_ptr<PrivateKey> key;
  std::string comment;  // as the file has it: escape before printing
};

// `text` is the file's contents. An empty passphrase means: none given.
Expected<PrivateKeyFile, KeyFileError> read_private_key(Bytes text, Bytes passphrase);

// The public half stands in the clear even in an encrypted file.
Expected<PublicKey, KeyFileError> read_public_half(Bytes text);

struct KeyFileProtection {
  Bytes passphrase;                        // not empty
  std::string_view cipher = "aes256-ctr";  // or "aes256-gcm@openssh.com"
  std::uint32_t rounds = 24;               // of bcrypt, 1 to 2048
};

// The file's contents, ready to be written with mode 0600. Nothing when a primitive failed, the protection's fields are
// out of bounds, or the comment is so long that the file would not be read again.
std::optional<Secret> write_private_key(const PrivateKey& key, std::string_view comment,
                                        const std::optional<KeyFileProtection>& protection, Random& random);

// "type base64 comment" as in .pub files; the same form after the options of authorized_keys and the names of known_hosts.
struct PublicKeyLine {
  PublicKey key;
  std::string comment;
};
std::optional<PublicKeyLine> parse_public_key_line(std::string_view line);
std::string public_key_line(const PublicKey& key, std::string_view comment);  // no '\n'

}  // namespace nacre
