// openssh-key-v1 (OpenSSH's PROTOCOL.key): armour, the outer fields, the lock, and the private section inside.
#include "crypto/key_file.hpp"

#include <array>

#include "crypto/base64.hpp"
#include "crypto/key_fields.hpp"
#include "crypto/key_protection.hpp"

namespace nacre {

namespace {

using Failure = Unexpected<KeyFileError>;

constexpr std::size_t max_file = 1 << 20;
constexpr std::uint32_t max_rounds = 2048;  // some seconds of bcrypt; ssh-keygen writes 16 or 24
constexpr std::size_t salt_size = 16;
constexpr std::string_view begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view end_line = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view magic{"openssh-key-v1\0", 15};  // the NUL is part of it

constexpr KeyFileCipher no_cipher{"none", 0, 0, 8, 0, true};

// ---- Armour ----

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

// The bytes between the BEGIN and END lines. Text before and after them is not looked at, as ssh-keygen does.
Expected<Secret, KeyFileError> unarmoured(Bytes file) {
  if (file.size() > max_file) return Failure{KeyFileError::too_large};
  auto text = text_of(file);
  auto line = next_line(text);
  while (line != begin_line) {
    if (line.starts_with("-----BEGIN ") || line.starts_with("PuTTY-User-Key-File-"))
      return Failure{KeyFileError::other_format};
    if (text.empty()) return Failure{KeyFileError::not_a_key};
    line = next_line(text);
  }
  Secret digits(text.size());
  std::size_t size = 0;
  while ((line = next_line(text)) != end_line) {
    if (text.empty() || line.starts_with('-')) return Failure{KeyFileError::malformed};
    std::memcpy(digits.buffer().data() + size, line.data(), line.size());
    size += line.size();
  }
  auto blob = base64_decode_secret(text_of(digits.bytes().first(size)));
  if (!blob) return Failure{KeyFileError::malformed};
  return std::move(*blob);
}

Secret armoured(Bytes blob) {
  const auto size = (blob.size() + 2) / 3 * 4;
  const auto lines = (size + 69) / 70;
  Secret text(begin_line.size() + 1 + size + lines + end_line.size() + 1);
  auto digits = base64_encode(blob);  // from here on nothing throws, so that it is wiped
  SpanSink sink{text.buffer().data()};
  const auto put_line = [&](std::string_view line) {
    sink.put(bytes_of(line));
    sink.put(bytes_of("\n"));
  };
  put_line(begin_line);
  for (std::string_view rest = digits; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(rest.size(), 70)))
    put_line(rest.substr(0, 70));
  put_line(end_line);
  wipe(std::as_writable_bytes(std::span(digits)));
  return text;
}

// ---- The outer fields ----

struct Envelope {
  const KeyFileCipher* cipher = &no_cipher;
  Bytes salt;
  std::uint32_t rounds = 0;
  Bytes public_blob;
  Bytes section;
  Bytes tag;
};

// Cipher, kdf and what the kdf wants, in the order of the file.
Expected<Envelope, KeyFileError> read_lock(Reader& reader) {
  std::string_view cipher, kdf;
  Bytes options;
  reader.read(cipher);
  reader.read(kdf);
  reader.read(options);
  if (reader.failed()) return Failure{KeyFileError::malformed};
  Envelope envelope;
  if (cipher != "none") envelope.cipher = find_key_file_cipher(cipher);
  if (envelope.cipher == nullptr) return Failure{KeyFileError::unknown_cipher};
  if (kdf != "none" && kdf != "bcrypt") return Failure{KeyFileError::unknown_kdf};
  const bool locked = kdf == "bcrypt";
  if (locked != (cipher != "none") || (!locked && !options.empty())) return Failure{KeyFileError::malformed};
  if (!locked) return envelope;
  Reader kdf_options(options);
  kdf_options.read(envelope.salt);
  kdf_options.read(envelope.rounds);
  if (!kdf_options.done() || envelope.salt.empty() || envelope.rounds == 0) return Failure{KeyFileError::malformed};
  if (envelope.rounds > max_rounds) return Failure{KeyFileError::too_many_rounds};
  return envelope;
}

Expected<Envelope, KeyFileError> read_envelope(Bytes blob) {
  if (!text_of(blob).starts_with(magic)) return Failure{KeyFileError::malformed};
  Reader reader(blob.subspan(magic.size()));
  auto envelope = read_lock(reader);
  if (!envelope) return envelope;
  std::uint32_t keys = 0;
  reader.read(keys);
  reader.read(envelope->public_blob);
  reader.read(envelope->section);
  envelope->tag = reader.rest();
  const auto& cipher = *envelope->cipher;
  if (reader.failed() || keys != 1 || envelope->section.empty() || envelope->section.size() % cipher.block != 0 ||
      envelope->tag.size() != cipher.tag)
    return Failure{KeyFileError::malformed};
  return envelope;
}

Expected<PublicKey, KeyFileError> public_key_of(const Envelope& envelope) {
  if (auto key = PublicKey::parse(envelope.public_blob)) return std::move(*key);
  static constexpr std::string_view known[] = {"ssh-ed25519", "ssh-rsa"};
  std::string_view type;
  Reader(envelope.public_blob).read(type);
  for (const auto name : known)
    if (type == name) return Failure{KeyFileError::malformed};
  return Failure{find_curve(type) != nullptr ? KeyFileError::malformed : KeyFileError::unknown_key_type};
}

// ---- The section inside ----

Expected<Secret, KeyFileError> unlocked(const Envelope& envelope, Bytes passphrase) {
  Secret section(envelope.section);
  const auto& cipher = *envelope.cipher;
  if (&cipher == &no_cipher) return section;
  if (passphrase.empty()) return Failure{KeyFileError::passphrase_needed};
  Secret derived(cipher.key_size + cipher.iv_size);
  if (!bcrypt_pbkdf(passphrase, envelope.salt, envelope.rounds, derived.buffer()) ||
      !decrypt_section(cipher, derived.bytes(), section.buffer(), envelope.tag))
    return Failure{KeyFileError::passphrase_wrong};
  return section;
}

bool is_padding(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (std::to_integer<std::size_t>(bytes[i]) != ((i + 1) & 0xff)) return false;
  return true;
}

Expected<PrivateKeyFile, KeyFileError> read_section(Bytes section, const KeyFileCipher& cipher) {
  Reader reader(section);
  std::uint32_t check = 0, again = 1;
  reader.read(check);  // both are there: a section is one block of 8 bytes at least
  reader.read(again);
  if (check != again) return Failure{&cipher == &no_cipher ? KeyFileError::malformed : KeyFileError::passphrase_wrong};
  PrivateKeyFile file;
  file.key = read_private_section(reader);
  std::string_view comment;
  reader.read(comment);
  if (!file.key || reader.failed() || reader.rest().size() >= cipher.block || !is_padding(reader.rest()))
    return Failure{KeyFileError::malformed};
  file.comment = comment;
  return file;
}

// ---- Writing ----

std::optional<Secret> padded_section(const PrivateKey& key, std::string_view comment, std::size_t block,
                                     Random& random) {
  std::array<std::byte, 4> check;
  if (!random.fill(check)) return std::nullopt;
  const auto fields = key.private_section();
  const auto size = 2 * check.size() + fields.size() + 4 + comment.size();
  Secret section((size + block - 1) / block * block);
  SpanSink sink{section.buffer().data()};
  Writer writer(sink);
  writer.write(check);
  writer.write(check);
  writer.write(Rest{fields.bytes()});
  writer.write(comment);
  for (std::size_t i = size; i < section.size(); ++i) writer.write(static_cast<std::uint8_t>(i - size + 1));
  return section;
}

struct Lock {
  const KeyFileCipher* cipher = &no_cipher;
  ByteVector options;  // of the kdf
  Secret derived;      // key and IV
};

std::optional<Lock> make_lock(const std::optional<KeyFileProtection>& protection, Random& random) {
  Lock lock;
  if (!protection) return lock;
  lock.cipher = find_key_file_cipher(protection->cipher);
  if (lock.cipher == nullptr || !lock.cipher->for_writing || protection->passphrase.empty() ||
      protection->rounds == 0 || protection->rounds > max_rounds)
    return std::nullopt;
  std::array<std::byte, salt_size> salt;
  if (!random.fill(salt)) return std::nullopt;
  VectorSink sink{lock.options};
  Writer writer(sink);
  writer.write(Bytes(salt));
  writer.write(protection->rounds);
  lock.derived = Secret(lock.cipher->key_size + lock.cipher->iv_size);
  if (!bcrypt_pbkdf(protection->passphrase, salt, protection->rounds, lock.derived.buffer())) return std::nullopt;
  return lock;
}

}  // namespace

const KeyFileCipher* find_key_file_cipher(std::string_view name) {
  static constexpr KeyFileCipher ciphers[] = {
      {"aes256-ctr", 32, 16, 16, 0, true},
      {"aes256-gcm@openssh.com", 32, 12, 16, 16, true},
      {"aes192-ctr", 24, 16, 16, 0, false},
      {"aes128-ctr", 16, 16, 16, 0, false},
      {"aes128-gcm@openssh.com", 16, 12, 16, 16, false},
  };
  for (const auto& cipher : ciphers)
    if (cipher.name == name) return &cipher;
  return nullptr;
}

Expected<PrivateKeyFile, KeyFileError> read_private_key(Bytes text, Bytes passphrase) {
  const auto blob = unarmoured(text);
  if (!blob) return Failure{blob.error()};
  const auto envelope = read_envelope(blob->bytes());
  if (!envelope) return Failure{envelope.error()};
  const auto outside = public_key_of(*envelope);
  if (!outside) return Failure{outside.error()};
  const auto section = unlocked(*envelope, passphrase);
  if (!section) return Failure{section.error()};
  auto file = read_section(section->bytes(), *envelope->cipher);
  if (file && !(file->key->public_key() == *outside)) return Failure{KeyFileError::halves_differ};
  return file;
}

Expected<PublicKey, KeyFileError> read_public_half(Bytes text) {
  const auto blob = unarmoured(text);
  if (!blob) return Failure{blob.error()};
  const auto envelope = read_envelope(blob->bytes());
  if (!envelope) return Failure{envelope.error()};
  return public_key_of(*envelope);
}

std::optional<Secret> write_private_key(const PrivateKey& key, std::string_view comment,
                                        const std::optional<KeyFileProtection>& protection, Random& random) {
  const auto lock = make_lock(protection, random);
  if (!lock) return std::nullopt;
  const auto& cipher = *lock->cipher;
  auto section = padded_section(key, comment, cipher.block, random);
  if (!section) return std::nullopt;
  ByteVector tag(cipher.tag);
  if (protection && !encrypt_section(cipher, lock->derived.bytes(), section->buffer(), tag)) return std::nullopt;

  const auto fields = [&](auto& writer) {
    writer.write(Rest{bytes_of(magic)});
    writer.write(cipher.name);
    writer.write(protection ? "bcrypt" : "none");
    writer.write(Bytes(lock->options));
    writer.write(std::uint32_t{1});
    writer.write(key.public_key().blob());
    writer.write(section->bytes());
    writer.write(Rest{tag});
  };
  CountSink count;
  Writer counting(count);
  fields(counting);
  Secret blob(count.count);
  SpanSink sink{blob.buffer().data()};
  Writer writing(sink);
  fields(writing);
  auto text = armoured(blob.bytes());
  if (text.size() > max_file) return std::nullopt;
  return text;
}

std::string_view describe(KeyFileError error) {
  switch (error) {
    case KeyFileError::not_a_key: return "this is not a private key file: it has no BEGIN OPENSSH PRIVATE KEY line";
    case KeyFileError::other_format:
      return "this key is in another format than OpenSSH's; `ssh-keygen -p -f FILE` rewrites PEM files in OpenSSH's";
    case KeyFileError::too_large: return "the file is larger than 1 MiB, which no key is";
    case KeyFileError::malformed: return "the key file is damaged or cut short; restore it from a copy";
    case KeyFileError::unknown_cipher:
      return "the key is encrypted with a cipher that is not supported; `ssh-keygen -p -Z aes256-ctr -f FILE` changes "
             "it";
    case KeyFileError::unknown_kdf: return "the key is protected by a key derivation that is not supported";
    case KeyFileError::too_many_rounds:
      return "the key asks for more than 2048 bcrypt rounds; `ssh-keygen -p -a 24 -f FILE` lowers them";
    case KeyFileError::unknown_key_type: return "the key is of a type that is not supported";
    case KeyFileError::passphrase_needed: return "the key is encrypted and no passphrase was given";
    case KeyFileError::passphrase_wrong: return "the passphrase is wrong, or the key file is damaged";
    case KeyFileError::halves_differ: return "the public half in the key file is not that of its private half";
  }
  return "the key file cannot be used";
}

// ---- Public key lines ----

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view next_word(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && !is_blank(text[end])) ++end;
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

}  // namespace

std::optional<PublicKeyLine> parse_public_key_line(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const auto type = next_word(line);
  const auto blob = base64_decode(next_word(line));
  if (!blob) return std::nullopt;
  auto key = PublicKey::parse(*blob);
  if (!key || key->type() != type) return std::nullopt;
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return PublicKeyLine{std::move(*key), std::string(line)};
}

std::string public_key_line(const PublicKey& key, std::string_view comment) {
  auto line = std::string(key.type()) + " " + base64_encode(key.blob());
  if (!comment.empty()) line.append(" ").append(comment);
  return line;
}

}  // namespace nacre
