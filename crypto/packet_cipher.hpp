// Opener and Sealer: the protection of binary packets (RFC 4253 6), one whole packet a call, in place.
//
// A packet in memory is   uint32 packet_length | byte padding_length | payload | padding | tag
// and stays where it is: sealing and opening change the bytes, never their places.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "crypto/bytes.hpp"

namespace nacre {

constexpr std::size_t min_padding = 4;  // bytes (RFC 4253 6)

struct PacketShape {
  std::size_t head;        // bytes that must have arrived before the length can be known: 4, or one block
  std::size_t block;       // what the padded part is a multiple of: max(8, cipher's block)
  std::size_t tag;         // bytes of MAC or authentication tag after the padding
  bool length_is_aligned;  // whether the 4 bytes of the length count in that multiple: not for EtM and AEAD
};

// Opens the packets of one direction under one set of keys, in order. After a failure it must not be used again.
class Opener {
 public:
  virtual ~Opener() = default;
  virtual PacketShape shape() const = 0;

  // The packet_length field, from the first shape().head bytes. To be called once a packet, before `open`.
  // The number is not authenticated yet: the caller judges it. May decrypt the head in place.
  virtual std::uint32_t packet_length(std::uint32_t sequence, Buffer head) = 0;

  // `packet` is whole: 4 + packet_length + tag bytes. What it answers begins at padding_length and ends with the
  // padding; nothing when the tag is wrong, and then no plaintext stands in `packet`: what had to be decrypted to be
  // checked has been wiped, the rest is as it came.
  [[nodiscard]] virtual std::optional<Buffer> open(std::uint32_t sequence, Buffer packet) = 0;
};

// Seals the packets of one direction under one set of keys, in order.
class Sealer {
 public:
  virtual ~Sealer() = default;
  virtual PacketShape shape() const = 0;

  // `packet` is whole and clear, with room for the tag at its end. False when the primitive failed: send nothing.
  [[nodiscard]] virtual bool seal(std::uint32_t sequence, Buffer packet) = 0;
};

// What key derivation (RFC 4253 7.2) yields for one direction. Sizes are those of the algorithms' entries.
struct PacketKeys {
  Bytes key;
  Bytes iv;
  Bytes mac_key;  // empty where the cipher authenticates
};

struct MacAlgorithm {
  std::string_view name;
  std::size_t key_size;   // bytes
  std::size_t tag_size;   // bytes
  bool encrypt_then_mac;  // the -etm@openssh.com forms
  bool by_default;        // offered unless the configuration names algorithms itself
  int id;                 // the provider's own, for its ciphers' functions below
};

struct CipherAlgorithm {
  std::string_view name;
  std::size_t key_size;  // bytes
  std::size_t iv_size;   // bytes, 0 where the nonce is the sequence number
  bool authenticates;    // an AEAD: no MAC is negotiated beside it
  bool by_default;
  std::uint64_t max_bytes;  // data under one key at most, 2^(L/4) blocks of L bits (RFC 4344 3.2), capped at 2^36
  std::unique_ptr<Opener> (*opener)(const PacketKeys& keys, const MacAlgorithm* mac);  // null: bad sizes or failure
  std::unique_ptr<Sealer> (*sealer)(const PacketKeys& keys, const MacAlgorithm* mac);
};

}  // namespace nacre
