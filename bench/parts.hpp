// The parts of the benchmark program: each registers what it measures. Names are PART/WHAT/SIZE; ratios between them are
// made by bench/run.py.
#pragma once

#include <string>
#include <vector>

#include "crypto/provider.hpp"

namespace nacre::bench {

// One cipher, with its MAC where it needs one.
struct Suite {
  const CipherAlgorithm* cipher;
  const MacAlgorithm* mac;  // null for AEADs
  // Without what stands behind '@', so that it is short enough for a table: "aes128-ctr+hmac-sha2-256-etm".
  std::string name() const;
};
std::vector<Suite> suites(const Provider& provider);
std::string short_name(std::string_view algorithm);

// Keys of the right sizes, all zero.
struct Keys {
  explicit Keys(const Suite& suite)
      : key(suite.cipher->key_size), iv(suite.cipher->iv_size), mac_key(suite.mac ? suite.mac->key_size : 0) {}
  PacketKeys view() const { return {key, iv, mac_key}; }
  ByteVector key, iv, mac_key;
};

// A packet in the clear that carries this many bytes of channel data, to be sealed.
ByteVector clear_packet(const PacketShape& shape, std::size_t data);

void add_packets(const Provider& provider);    // seal/, open/
void add_bulk(const Provider& provider);       // bulk/
void add_handshake(const Provider& provider);  // handshake/, rekey/, operations/, echo/

}  // namespace nacre::bench
