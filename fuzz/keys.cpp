// Keys as an attacker would have them: public key blobs and lines, private key files, signatures. What is read is written
// and read again as the same. The first byte chooses which; the rest is it.

#include <cstdint>
#include <cstdlib>
#include <span>

#include "crypto/botan_provider.hpp"
#include "crypto/key_file.hpp"
#include "crypto/wire.hpp"

namespace {

using namespace nacre;

void require(bool condition) {
  if (!condition) std::abort();
}

const Provider& provider() {
  static const auto random = seeded_random(std::uint64_t{1});
  static const Provider all = botan_provider(*random);
  return all;
}

void public_blob(Bytes blob) {
  const auto key = PublicKey::parse(blob);
  for (const auto& algorithm : provider().signatures) {
    // What an algorithm takes is a key, of its type.
    if (algorithm.acceptable(blob)) require(key && key->type() == algorithm.key_type);
  }
  if (!key) return;
  require(same_bytes(key->blob(), blob));
  const auto line = parse_public_key_line(public_key_line(*key, "a comment"));
  require(line && line->key == *key && line->comment == "a comment");
  (void)fingerprint(blob);
  (void)randomart(*key);
}

void signature(unsigned which, Bytes input) {
  Reader reader(input);
  Bytes blob, message;
  reader.read(blob);
  reader.read(message);
  if (reader.failed()) return;
  const auto& algorithm = provider().signatures[which % provider().signatures.size()];
  (void)algorithm.verify(blob, message, reader.rest());
}

// Without a passphrase: no time is spent on bcrypt.
void private_file(Bytes text) {
  const auto file = read_private_key(text, {});
  const auto half = read_public_half(text);
  if (!file) return;
  require(half && *half == file->key->public_key());
  const auto written = write_private_key(*file->key, file->comment, {}, *provider().random);
  require(written.has_value());
  const auto again = read_private_key(written->bytes(), {});
  require(again && again->key->public_key() == file->key->public_key() && again->comment == file->comment);
}

void public_line(std::string_view text) {
  const auto line = parse_public_key_line(text);
  if (!line) return;
  const auto again = parse_public_key_line(public_key_line(line->key, line->comment));
  require(again && again->key == line->key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 8192) return 0;
  const auto rest = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 4) {
    case 0: public_blob(rest); break;
    case 1: signature(data[0] / 4U, rest); break;
    case 2: public_line(text_of(rest)); break;
    default: private_file(rest);
  }
  return 0;
}
