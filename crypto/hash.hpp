// Hash: one running digest; and the few digests that programs need whole.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "crypto/bytes.hpp"

namespace nacre {

class Hash {
 public:
  static constexpr std::size_t max_size = 64;  // bytes, SHA-512

  virtual ~Hash() = default;
  virtual std::size_t size() const = 0;  // bytes of the digest
  virtual void update(Bytes data) = 0;
  // Writes size() bytes and starts anew. False when the primitive failed: `out` holds nothing of use.
  [[nodiscard]] virtual bool finish(Buffer out) = 0;
};

enum class HashName { sha256, sha384, sha512 };
std::unique_ptr<Hash> make_hash(HashName name);

std::array<std::byte, 32> sha256(Bytes data);

// For the hashed host names of known_hosts files and for nothing else: that format is bound to SHA-1. The key is a salt
// of 20 bytes there, and is none of more than 4096.
std::array<std::byte, 20> hmac_sha1(Bytes key, Bytes data);

}  // namespace nacre
