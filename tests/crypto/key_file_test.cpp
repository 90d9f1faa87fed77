// Key files: ours there and back, damaged ones in every way, and those that ask for too much.
#include "crypto/key_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/base64.hpp"
#include "crypto/key_protection.hpp"
#include "crypto/wire.hpp"
#include "tests/crypto/support.hpp"

namespace nacre::testing {
namespace {

std::string text_file(const Secret& secret) { return std::string(text_of(secret.bytes())); }

// The bytes inside the armour, and armour around bytes.
ByteVector inside(std::string_view file) {
  std::string digits;
  for (auto rest = file.substr(file.find('\n') + 1); !rest.starts_with("-----END");
       rest = rest.substr(rest.find('\n') + 1))
    digits += rest.substr(0, rest.find('\n'));
  return *base64_decode(digits);
}
std::string armour(Bytes blob) {
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64_encode(blob) + "\n-----END OPENSSH PRIVATE KEY-----\n";
}

std::optional<KeyFileError> error_of(std::string_view file, std::string_view passphrase = "") {
  const auto key = read_private_key(bytes_of(file), bytes_of(passphrase));
  return key ? std::nullopt : std::optional(key.error());
}

struct Made {
  std::unique_ptr<PrivateKey> key;
  std::string file;
};

Made make_file(KeyType type, std::optional<KeyFileProtection> protection = std::nullopt, int seed = 3) {
  const auto random = seeded_random(static_cast<std::uint64_t>(seed));
  auto key = generate_key(type, *random, type == KeyType::rsa ? 2048 : 0);
  if (protection) protection->rounds = std::min<std::uint32_t>(protection->rounds, 2);
  const auto file = write_private_key(*key, "who@where", protection, *random);
  return {std::move(key), text_file(*file)};
}

TEST(KeyFile, PlainThereAndBack) {
  for (const auto type : all_types) {
    const auto made = make_file(type);
    const auto read = read_private_key(bytes_of(made.file), {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->key->public_key(), made.key->public_key());
    EXPECT_EQ(read->comment, "who@where");
    EXPECT_EQ(*read_public_half(bytes_of(made.file)), made.key->public_key());
    EXPECT_TRUE(read_private_key(bytes_of(made.file), bytes_of("not needed")));
  }
}

TEST(KeyFile, EncryptedThereAndBack) {
  for (const char* cipher : {"aes256-ctr", "aes256-gcm@openssh.com"}) {
    const auto made =
        make_file(KeyType::ed25519, KeyFileProtection{.passphrase = bytes_of("pass phrase"), .cipher = cipher});
    const auto read = read_private_key(bytes_of(made.file), bytes_of("pass phrase"));
    ASSERT_TRUE(read) << cipher;
    EXPECT_EQ(read->key->public_key(), made.key->public_key());
    EXPECT_EQ(read->comment, "who@where");
    EXPECT_EQ(*read_public_half(bytes_of(made.file)), made.key->public_key()) << "stands in the clear";
    EXPECT_EQ(error_of(made.file), KeyFileError::passphrase_needed);
    EXPECT_EQ(error_of(made.file, "pass phrasf"), KeyFileError::passphrase_wrong);
    EXPECT_EQ(made.file.find("who@where"), std::string::npos);
  }
}

TEST(KeyFile, ProtectionOutOfBoundsWritesNothing) {
  const auto random = seeded_random(1);
  const auto key = generate_key(KeyType::ed25519, *random);
  const auto writes = [&](KeyFileProtection protection) {
    return write_private_key(*key, "", protection, *random).has_value();
  };
  EXPECT_FALSE(writes({.passphrase = {}, .rounds = 1}));
  EXPECT_FALSE(writes({.passphrase = bytes_of("x"), .rounds = 0}));
  EXPECT_FALSE(writes({.passphrase = bytes_of("x"), .rounds = 2049}));
  EXPECT_FALSE(writes({.passphrase = bytes_of("x"), .cipher = "aes128-cbc", .rounds = 1}));
  EXPECT_FALSE(writes({.passphrase = bytes_of("x"), .cipher = "none", .rounds = 1}));
  EXPECT_FALSE(writes({.passphrase = bytes_of("x"), .cipher = "aes128-ctr", .rounds = 1})) << "read, not written";
  EXPECT_TRUE(writes({.passphrase = bytes_of("x"), .rounds = 1}));
  for (int calls = 0; calls < 2; ++calls) {
    FailingRandom failing(calls);
    EXPECT_FALSE(write_private_key(*key, "", KeyFileProtection{.passphrase = bytes_of("x"), .rounds = 1}, failing))
        << calls;
  }
}

TEST(KeyFile, WhatIsWrittenIsRead) {
  const auto random = seeded_random(1);
  const auto key = generate_key(KeyType::ed25519, *random);
  for (const std::size_t size : {0U, 1U, 700'000U, 770'000U, 780'000U, 1'100'000U}) {
    const std::string comment(size, 'c');
    const auto text = write_private_key(*key, comment, {}, *random);
    EXPECT_EQ(text.has_value(), size < 775'000) << size;
    if (!text) continue;
    const auto read = read_private_key(text->bytes(), {});
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(read->comment, comment);
  }
}

TEST(KeyFile, TheSameKeyNeverGivesTheSameEncryptedFile) {
  const auto random = system_random();
  const auto key = generate_key(KeyType::ed25519, *random);
  const KeyFileProtection protection{.passphrase = bytes_of("x"), .rounds = 1};
  EXPECT_NE(text_file(*write_private_key(*key, "", protection, *random)),
            text_file(*write_private_key(*key, "", protection, *random)));
}

TEST(KeyFile, EveryCutIsAnError) {
  const std::optional<KeyFileProtection> locks[] = {
      std::nullopt, KeyFileProtection{.passphrase = bytes_of("x")},
      KeyFileProtection{.passphrase = bytes_of("x"), .cipher = "aes256-gcm@openssh.com"}};
  for (const auto& lock : locks) {
    const auto made = make_file(KeyType::ed25519, lock);
    for (std::size_t size = 0; size + 1 < made.file.size(); ++size)
      EXPECT_TRUE(error_of(std::string_view(made.file).substr(0, size), "x")) << size;
    const auto blob = inside(made.file);
    for (std::size_t size = 0; size < blob.size(); ++size)
      EXPECT_TRUE(error_of(armour(Bytes(blob).first(size)), "x")) << size;
    for (std::size_t size = 0; size < blob.size(); ++size)
      (void)read_public_half(bytes_of(armour(Bytes(blob).first(size))));
  }
}

TEST(KeyFile, EveryChangedByteOfAPlainFileIsAnErrorOrTheComment) {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::rsa}) {
    const auto made = make_file(type);
    const auto blob = inside(made.file);
    const auto comment = text_of(blob).find("who@where");
    for (std::size_t i = 0; i < blob.size(); ++i) {
      for (const int change : {1, 0x80}) {
        auto changed = blob;
        changed[i] ^= static_cast<std::byte>(change);
        const bool in_comment = i >= comment && i < comment + 9;
        EXPECT_EQ(error_of(armour(changed)).has_value(), !in_comment) << i;
      }
    }
  }
}

TEST(KeyFile, ChangedBytesOfAnEncryptedFileAreErrors) {
  for (const char* cipher : {"aes256-ctr", "aes256-gcm@openssh.com"}) {
    const auto made =
        make_file(KeyType::ed25519, KeyFileProtection{.passphrase = bytes_of("x"), .cipher = cipher, .rounds = 1});
    const auto blob = inside(made.file);
    // CTR protects no integrity: a change in the comment, the last nine bytes before the padding, is not seen.
    const bool authenticated = std::string_view(cipher) != "aes256-ctr";
    std::size_t unseen = 0;
    for (std::size_t i = 0; i < blob.size(); i += 3) {  // each costs a round of bcrypt
      auto changed = blob;
      changed[i] ^= std::byte{1};
      if (!error_of(armour(changed), "x")) ++unseen;
    }
    EXPECT_EQ(unseen, authenticated ? 0U : 3U) << cipher;
  }
}

TEST(KeyFile, ChangedTextIsAnErrorAndNeverACrash) {
  const auto made = make_file(KeyType::ed25519);
  for (std::size_t i = 0; i < made.file.size(); ++i) {
    for (const char c : {'\0', '\n', '-', 'A', '\xff', ' '}) {
      auto changed = made.file;
      changed[i] = c;
      (void)error_of(changed);
      (void)read_public_half(bytes_of(changed));
    }
  }
}

TEST(KeyFile, LinesMayEndAsWindowsEndsThem) {
  const auto made = make_file(KeyType::ed25519);
  std::string crlf;
  for (const char c : made.file) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_FALSE(error_of(crlf));
  EXPECT_FALSE(error_of(made.file.substr(0, made.file.size() - 1))) << "no end of the last line";
  EXPECT_FALSE(error_of("a word before it\n" + made.file + "and one after it\n"));
  auto padded = made.file;
  for (auto at = padded.find('\n'); at != std::string::npos; at = padded.find('\n', at + 4)) padded.insert(at, " \t ");
  EXPECT_FALSE(error_of(padded));
}

TEST(KeyFile, OtherFilesAreNamed) {
  EXPECT_EQ(error_of(""), KeyFileError::not_a_key);
  EXPECT_EQ(error_of("hello\n"), KeyFileError::not_a_key);
  EXPECT_EQ(error_of("ssh-ed25519 AAAA me\n"), KeyFileError::not_a_key);
  for (const char* kind :
       {"RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "DSA PRIVATE KEY", "CERTIFICATE"})
    EXPECT_EQ(error_of("-----BEGIN " + std::string(kind) + "-----\nAAAA\n-----END " + kind + "-----\n"),
              KeyFileError::other_format)
        << kind;
  EXPECT_EQ(error_of("PuTTY-User-Key-File-3: ssh-ed25519\n"), KeyFileError::other_format);
  EXPECT_EQ(error_of(std::string((1 << 20) + 1, 'x')), KeyFileError::too_large);
  EXPECT_EQ(error_of("-----BEGIN OPENSSH PRIVATE KEY-----\n"), KeyFileError::malformed);
  EXPECT_EQ(error_of("-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n"),
            KeyFileError::malformed);
}

// A file with these outer fields and rubbish inside.
std::string envelope(std::string_view cipher, std::string_view kdf, Bytes options, std::uint32_t keys = 1,
                     std::string_view type = "ssh-ed25519") {
  ByteVector public_blob, blob;
  VectorSink public_sink{public_blob}, sink{blob};
  Writer public_writer(public_sink);
  public_writer.write(type);
  public_writer.write(Bytes(ByteVector(32)));
  Writer writer(sink);
  writer.write(Rest{bytes_of(std::string_view("openssh-key-v1\0", 15))});
  writer.write(cipher);
  writer.write(kdf);
  writer.write(options);
  writer.write(keys);
  writer.write(Bytes(public_blob));
  writer.write(Bytes(ByteVector(64)));
  return armour(blob);
}

ByteVector kdf_options(std::uint32_t rounds, std::size_t salt = 16) {
  ByteVector options;
  VectorSink sink{options};
  Writer writer(sink);
  writer.write(Bytes(ByteVector(salt)));
  writer.write(rounds);
  return options;
}

TEST(KeyFile, E07_FieldsThatAreNotForUs) {
  const auto good = kdf_options(16);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "bcrypt", good)), KeyFileError::passphrase_needed);
  EXPECT_EQ(error_of(envelope("aes256-cbc", "bcrypt", good)), KeyFileError::unknown_cipher);
  EXPECT_EQ(error_of(envelope("chacha20-poly1305@openssh.com", "bcrypt", good)), KeyFileError::unknown_cipher);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "scrypt", good)), KeyFileError::unknown_kdf);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "none", {})), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("none", "bcrypt", good)), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("none", "none", good)), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "bcrypt", kdf_options(0))), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "bcrypt", kdf_options(16, 0))), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "bcrypt", {})), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "bcrypt", kdf_options(2048))), KeyFileError::passphrase_needed);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "bcrypt", kdf_options(2049))), KeyFileError::too_many_rounds);
  EXPECT_EQ(error_of(envelope("aes256-ctr", "bcrypt", kdf_options(0xffffffff)), "x"), KeyFileError::too_many_rounds);
  EXPECT_EQ(error_of(envelope("none", "none", {}, 2)), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("none", "none", {}, 0)), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("none", "none", {}, 1, "ssh-dss")), KeyFileError::unknown_key_type);
  EXPECT_EQ(error_of(envelope("none", "none", {}, 1, "ssh-rsa")), KeyFileError::malformed);
  EXPECT_EQ(error_of(envelope("none", "none", {}, 1, "ecdsa-sha2-nistp256")), KeyFileError::malformed);
}

// A file without a lock: the public half of the key, and this private section.
std::string plain_file(const PrivateKey& key, Bytes section) {
  ByteVector blob;
  VectorSink sink{blob};
  Writer writer(sink);
  writer.write(Rest{bytes_of(std::string_view("openssh-key-v1\0", 15))});
  writer.write("none");
  writer.write("none");
  writer.write("");
  writer.write(std::uint32_t{1});
  writer.write(key.public_key().blob());
  writer.write(section);
  return armour(blob);
}

// The file of an ECDSA key whose private section gives this as the public point.
std::string with_point(const PrivateKey& key, Bytes point) {
  const auto fields = key.private_section();
  Reader reader(fields.bytes());
  std::string_view type, curve;
  Bytes true_point, scalar;
  reader.read(type);
  reader.read(curve);
  reader.read(true_point);
  reader.read(scalar);
  EXPECT_TRUE(reader.done());
  ByteVector section;
  VectorSink sink{section};
  Writer writer(sink);
  writer.write(std::uint64_t{0});  // the check words
  writer.write(type);
  writer.write(curve);
  writer.write(point);
  writer.write(scalar);
  writer.write("");
  for (std::uint8_t i = 1; section.size() % 8 != 0; ++i) writer.write(i);
  return plain_file(key, section);
}

TEST(KeyFile, E07_AnEcdsaPointOfAnotherLength) {
  const auto key = make_file(KeyType::ecdsa_p256).key;
  const auto blob = key->public_key().blob();
  EXPECT_EQ(error_of(with_point(*key, blob.last(65))), std::nullopt);
  ByteVector longer(5000 - blob.size());
  append(longer, blob);  // ends in the true point
  for (const std::size_t size : {0U, 1U, 32U, 64U, 66U, 104U, 105U, 5000U})
    EXPECT_EQ(error_of(with_point(*key, Bytes(longer).last(size))), KeyFileError::malformed) << size;
}

TEST(KeyFile, E07_SectionsThatEndOtherwise) {
  const auto key = make_file(KeyType::ed25519).key;
  const auto file_with = [&](std::size_t padding, std::size_t comment = 2) {
    ByteVector section;
    VectorSink sink{section};
    Writer writer(sink);
    writer.write(std::uint64_t{0});
    writer.write(Rest{key->private_section().bytes()});
    writer.write(std::string(comment, 'c'));
    for (std::size_t i = 1; i <= padding; ++i) writer.write(static_cast<std::uint8_t>(i));
    return plain_file(*key, section);
  };
  std::size_t padding = 0;
  while (padding < 8 && error_of(file_with(padding))) ++padding;
  ASSERT_LT(padding, 8U);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(error_of(file_with(i)).has_value(), i != padding) << i;
  EXPECT_FALSE(error_of(file_with(0, 2 + padding)));
  EXPECT_EQ(error_of(plain_file(*key, {})), KeyFileError::malformed);
  EXPECT_EQ(error_of(plain_file(*key, ByteVector(8))), KeyFileError::malformed) << "check words and nothing else";
  EXPECT_EQ(error_of(plain_file(*key, ByteVector(12))), KeyFileError::malformed) << "no whole block";
  auto with_tag = inside(file_with(padding));
  with_tag.push_back(std::byte{0});
  EXPECT_EQ(error_of(armour(with_tag)), KeyFileError::malformed);
}

TEST(KeyFile, HalvesOfTwoKeys) {
  auto first = inside(make_file(KeyType::ed25519, std::nullopt, 3).file);
  const auto second = inside(make_file(KeyType::ed25519, std::nullopt, 4).file);
  ASSERT_EQ(first.size(), second.size());
  const auto section = text_of(first).rfind("ssh-ed25519") - 12;  // its length and the check words stand before
  std::copy(second.begin() + static_cast<std::ptrdiff_t>(section), second.end(),
            first.begin() + static_cast<std::ptrdiff_t>(section));
  EXPECT_EQ(error_of(armour(first)), KeyFileError::halves_differ);
}

TEST(KeyFile, EveryErrorHasItsSentence) {
  std::vector<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(KeyFileError::halves_differ); ++i) {
    const auto text = describe(static_cast<KeyFileError>(i));
    EXPECT_FALSE(text.empty());
    EXPECT_NE(text.back(), '.');
    EXPECT_EQ(std::count(seen.begin(), seen.end(), text), 0) << text;
    seen.push_back(text);
  }
  EXPECT_FALSE(describe(static_cast<KeyFileError>(99)).empty());
}

TEST(BcryptPbkdf, VectorsOfOthers) {  // github.com/dchest/bcrypt_pbkdf, and OpenBSD's own function
  ByteVector out(32);
  ASSERT_TRUE(bcrypt_pbkdf(bytes_of("password"), bytes_of("salt"), 12, out));
  EXPECT_EQ(to_hex(out), "1ae42c05d487bc02f64921a4ebe4ea93bcacfe135fda99974c06b7b01fae149a");
  ByteVector shorter(10);
  ASSERT_TRUE(bcrypt_pbkdf(bytes_of("A"), from_hex("0001020304050607"), 10, shorter));
  EXPECT_EQ(to_hex(shorter), "3c705da7e10c61c2523b");
  EXPECT_FALSE(bcrypt_pbkdf({}, bytes_of("salt"), 12, out));
  EXPECT_FALSE(bcrypt_pbkdf(bytes_of("x"), {}, 12, out));
  EXPECT_FALSE(bcrypt_pbkdf(bytes_of("x"), bytes_of("salt"), 0, out));
}

TEST(PublicKeyLine, ThereAndBack) {
  for (const auto type : all_types) {
    const auto made = make_file(type);
    const auto& key = made.key->public_key();
    const auto line = public_key_line(key, "a comment of words");
    const auto read = parse_public_key_line(line);
    ASSERT_TRUE(read) << line;
    EXPECT_EQ(read->key, key);
    EXPECT_EQ(read->comment, "a comment of words");
    EXPECT_EQ(parse_public_key_line(public_key_line(key, ""))->comment, "");
    EXPECT_EQ(parse_public_key_line("  " + line + " \r\n")->comment, "a comment of words");
    auto tabs = line;
    std::replace(tabs.begin(), tabs.end(), ' ', '\t');
    EXPECT_EQ(parse_public_key_line("\t" + tabs + "\t")->comment, "a\tcomment\tof\twords");
  }
}

TEST(PublicKeyLine, LinesThatAreNone) {
  const auto made = make_file(KeyType::ed25519);
  const auto line = public_key_line(made.key->public_key(), "");
  for (std::size_t size = 0; size < line.size(); ++size)
    EXPECT_FALSE(parse_public_key_line(line.substr(0, size))) << size;
  EXPECT_FALSE(parse_public_key_line("ssh-rsa" + line.substr(11))) << "another type than the blob's";
  EXPECT_FALSE(parse_public_key_line("# " + line));
  EXPECT_FALSE(parse_public_key_line("ssh-ed25519"));
  EXPECT_FALSE(parse_public_key_line(line.substr(0, 11) + "\n" + line.substr(12)));
}

}  // namespace
}  // namespace nacre::testing
