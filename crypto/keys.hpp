// Public keys, private keys and signatures (RFC 4253 6.6, RFC 5656, RFC 8332, RFC 8709).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.hpp"
#include "crypto/random.hpp"

namespace nacre {

// A signature algorithm by its SSH name. Several may stand over one type of key: rsa-sha2-256 and rsa-sha2-512 over ssh-rsa.
struct SignatureAlgorithm {
  std::string_view name;
  std::string_view key_type;  // the type inside the key blob
  bool by_default;            // for host keys; user keys are judged by the whole table
  // Whether the blob is a well-formed public key of key_type within bounds (RSA 2048 to 16384 bits; a point on its curve
  // for ECDSA; the canonical encoding of no point of small order for Ed25519), whole and with nothing after it. Costs
  // little: that 32 octets are a point of Ed25519 at all is told by `verify`, which is false for any others.
  bool (*acceptable)(Bytes key_blob);
  // Whether `signature` (the SSH blob: string name, string value) is this algorithm's over `message` by that key.
  // Bad keys, bad encodings and other names inside are all simply false.
  bool (*verify)(Bytes key_blob, Bytes message, Bytes signature);
};

// A public key: the blob as it is sent and hashed, known to be well-formed when it came out of `parse`.
class PublicKey {
 public:
  // Nothing when the type is unknown, the fields don't fit, or anything follows them. Sizes are checked (RSA 2048 to
  // 16384 bits, odd exponent of at most 32 bits), points and maths are not: `SignatureAlgorithm::acceptable` does that.
  static std::optional<PublicKey> parse(Bytes blob);

  std::string_view type() const;  // "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", ...
  Bytes blob() const { return blob_; }
  std::size_t bits() const;  // 256 for ed25519, the field's for curves, the modulus' for RSA

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return same_bytes(a.blob_, b.blob_); }

 private:
  explicit PublicKey(Bytes blob) : blob_(copy_of(blob)) {}
  ByteVector blob_;
};

// "SHA256:" and the base64 of the blob's SHA-256 without '=', as ssh-keygen -l prints it. Any blob.
std::string fingerprint(Bytes key_blob);

// The picture that ssh-keygen -lv draws of the fingerprint: 11 lines, each ended by '\n'.
std::string randomart(const PublicKey& key);

// A key that can sign. The engine never holds one: it asks for signatures, and a program answers with one of these,
// an agent's answer, or a token's.
class PrivateKey {
 public:
  virtual ~PrivateKey() = default;
  virtual const PublicKey& public_key() const = 0;
  // The SSH signature blob, or nothing when the algorithm is not one of this key's or a primitive failed.
  //
  // Nothing here verifies it, though a faulty one can give the key away. With RSA one is enough, so Botan verifies those
  // itself. With Ed25519 and ECDSA it takes a good one over the same message, or many that each tell a bit. Host keys
  // sign for strangers, as often as they like: the engine verifies each such signature before it sends it, wherever it
  // comes from. A user's key signs once a login, for a server that was accepted, and what it signs begins with a session
  // identifier that does not come again: this is sent as it is. A program that doubts its memory verifies it first.
  [[nodiscard]] virtual std::optional<ByteVector> sign(std::string_view algorithm, Bytes message,
                                                       Random& random) const = 0;
  // The key's fields as they stand in an openssh-key-v1 private section, from the type's name up to the comment.
  virtual class Secret private_section() const = 0;
};

enum class KeyType { ed25519, ecdsa_p256, ecdsa_p384, ecdsa_p521, rsa };

// A new key. `bits` is for RSA only: 2048 to 16384 in steps of 8, 0 for 3072. With a seeded Random the key is a
// function of the seed: the same seed gives the same key, for RSA as long as the library's search for primes is the
// same. Null when `bits` is out of bounds or a primitive failed.
std::unique_ptr<PrivateKey> generate_key(KeyType type, Random& random, unsigned bits = 0);

}  // namespace nacre
