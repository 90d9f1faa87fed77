// KeyExchange: one interface for Diffie-Hellman, elliptic curves and KEM hybrids.
//
// On the wire all of them are one message there and one back (30 and 31), each carrying one value in the shape of a
// string: an mpint's contents (RFC 4253 8), a point (RFC 5656, RFC 8731) or a KEM's key and ciphertext beside a point.
// So are all values here: the contents of that string, as they are sent and as they are hashed.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "crypto/secret.hpp"

namespace nacre {

// One run of one method on one side. The secret is K as it enters the exchange hash and the key derivation: encoded,
// with its length in front, as an mpint for Diffie-Hellman and curves and as a string for hybrids.
// Every function answers nothing when the peer's value is bad (wrong length, out of range, off the curve, all-zero
// result) or a primitive failed; the run is then over.
class KeyExchange {
 public:
  struct Reply {
    ByteVector value;
    Secret secret;
  };

  virtual ~KeyExchange() = default;
  [[nodiscard]] virtual std::optional<ByteVector> initiate(Random& random) = 0;                 // client, first
  [[nodiscard]] virtual std::optional<Secret> finish(Bytes reply) = 0;                          // client, second
  [[nodiscard]] virtual std::optional<Reply> respond(Random& random, Bytes initial_value) = 0;  // server
};

struct KeyExchangeAlgorithm {
  std::string_view name;
  bool by_default;
  std::unique_ptr<Hash> (*hash)();
  std::unique_ptr<KeyExchange> (*make)();
};

}  // namespace nacre
