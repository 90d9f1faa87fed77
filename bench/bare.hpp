// What packets are measured against: the same bytes protected by a library's own calls, without anything of ours.
#pragma once

#include <memory>
#include <string>

#include "bench/parts.hpp"

namespace nacre::bench {

// Seals and opens whole packets in place, each as if it were the first of its direction, so that any of them may come in
// any order. Packets are laid out as in crypto/packet_cipher.hpp.
class Bare {
 public:
  virtual ~Bare() = default;
  virtual bool seal(Buffer packet) = 0;
  virtual bool open(Buffer packet) = 0;
};

// Botan's calls alone: the AEAD over the body with the length as associated data (GCM); ChaCha20 and Poly1305 once over
// the same bytes, without the second cipher for the length; the stream cipher and the HMAC.
std::unique_ptr<Bare> botan_bare(const Suite& suite, const PacketKeys& keys, bool sealing);

// The whole composition by OpenSSL's libcrypto, encrypted lengths included. Null when it was not there at build time.
std::unique_ptr<Bare> openssl_composed(const Suite& suite, const PacketKeys& keys, bool sealing);
std::string openssl_version();  // "not installed" when it was not there

}  // namespace nacre::bench
