// Ciphers and packets that several parts measure.
#include "bench/parts.hpp"

namespace nacre::bench {

std::string short_name(std::string_view algorithm) { return std::string(algorithm.substr(0, algorithm.find('@'))); }

std::string Suite::name() const { return short_name(cipher->name) + (mac ? "+" + short_name(mac->name) : ""); }

std::vector<Suite> suites(const Provider& provider) {
  std::vector<Suite> all;
  for (const auto& cipher : provider.ciphers) {
    if (cipher.authenticates) {
      all.push_back({&cipher, nullptr});
      continue;
    }
    for (const auto& mac : provider.macs)
      if (mac.by_default) all.push_back({&cipher, &mac});
  }
  return all;
}

ByteVector clear_packet(const PacketShape& shape, std::size_t data) {
  const std::size_t payload = 9 + data;  // SSH_MSG_CHANNEL_DATA, channel, length (RFC 4254 5.2)
  const std::size_t aligned_head = shape.length_is_aligned ? 4 : 0;
  std::size_t padded = 1 + payload + 4;
  padded += (shape.block - (padded + aligned_head) % shape.block) % shape.block;
  ByteVector packet(4 + padded + shape.tag);
  store_be32(static_cast<std::uint32_t>(padded), packet.data());
  packet[4] = static_cast<std::byte>(padded - payload - 1);
  return packet;
}

}  // namespace nacre::bench
