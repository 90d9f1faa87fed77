// Every cipher (and MAC) on hostile bytes: what was not sealed is never opened, what was sealed comes back unchanged.
// The first byte chooses the cipher, the second the MAC, the third what is done to the packet; the rest is the packet.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "crypto/botan_provider.hpp"

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

struct Keys {
  ByteVector key, iv, mac_key;
  PacketKeys view() const { return {key, iv, mac_key}; }
};

// A stream's bytes as they are: the length is read, judged as the packet reader judges it, and the packet opened.
void open_as_it_is(Opener& opener, Bytes input) {
  const auto shape = opener.shape();
  if (input.size() < shape.head) return;
  ByteVector packet(input.begin(), input.end());
  const std::size_t length = opener.packet_length(0, Buffer(packet).first(shape.head));
  const std::size_t aligned = length + (shape.length_is_aligned ? 4 : 0);
  if (length < 5 || length > 65536 || aligned % shape.block != 0 || aligned < shape.block) return;
  packet.resize(4 + length + shape.tag);
  require(!opener.open(0, packet));
}

// The input as a payload, sealed, opened again; one bit changed on the way where `tamper` is not zero.
void there_and_back(Sealer& sealer, Opener& opener, Bytes payload, unsigned tamper) {
  const auto shape = sealer.shape();
  const std::size_t head = shape.length_is_aligned ? 4 : 0;
  std::size_t padded = 1 + payload.size() + 4;
  padded += (shape.block - (padded + head) % shape.block) % shape.block;
  ByteVector packet(4 + padded + shape.tag);
  store_be32(static_cast<std::uint32_t>(padded), packet.data());
  packet[4] = static_cast<std::byte>(padded - payload.size() - 1);
  std::copy(payload.begin(), payload.end(), packet.begin() + 5);
  require(sealer.seal(7, packet));
  if (tamper != 0) packet[(tamper * 31) % packet.size()] ^= std::byte{0x20};
  const auto length = opener.packet_length(7, Buffer(packet).first(shape.head));
  if (length != padded) return require(tamper != 0);
  const auto opened = opener.open(7, packet);
  if (tamper != 0) return require(!opened);
  require(opened && opened->size() == padded);
  require(std::equal(payload.begin(), payload.end(), opened->begin() + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size > 40000) return 0;
  const auto& cipher = provider().ciphers[data[0] % provider().ciphers.size()];
  const auto* mac = cipher.authenticates ? nullptr : &provider().macs[data[1] % provider().macs.size()];
  const Keys keys{ByteVector(cipher.key_size), ByteVector(cipher.iv_size), ByteVector(mac ? mac->key_size : 0)};
  const auto opener = cipher.opener(keys.view(), mac);
  const auto sealer = cipher.sealer(keys.view(), mac);
  require(opener && sealer);
  const auto rest = std::as_bytes(std::span(data, size)).subspan(3);
  if (data[2] < 128) {
    open_as_it_is(*opener, rest);
  } else {
    there_and_back(*sealer, *opener, rest, data[2] - 128U);
  }
  return 0;
}
