// Sealing and opening a packet allocates nothing: counted at operator new and, for what Botan takes past it, at calloc.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tests/crypto/support.hpp"

namespace {

struct Counter {
  bool on = false;
  std::size_t count = 0;
};
Counter& counter() {
  static Counter one;
  return one;
}
void* counted(std::size_t size) {
  if (counter().on) ++counter().count;
  if (void* place = std::malloc(size == 0 ? 1 : size)) return place;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete[](void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete[](void* place, std::size_t) noexcept { std::free(place); }

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
extern "C" void* __libc_calloc(std::size_t, std::size_t);  // NOLINT: glibc's own name
extern "C" void* calloc(std::size_t count, std::size_t size) noexcept {
  if (counter().on) ++counter().count;
  return __libc_calloc(count, size);
}
#endif

namespace nacre::testing {
namespace {

std::size_t allocations_of(Sealer& sealer, Opener& opener, std::size_t payload, std::uint32_t& sequence) {
  const auto shape = sealer.shape();
  const auto length = (payload + shape.block) / shape.block * shape.block - (shape.length_is_aligned ? 4 : 0);
  ByteVector packet(4 + length + shape.tag);
  store_be32(static_cast<std::uint32_t>(length), packet.data());
  bool good = true;
  counter() = {true, 0};
  good = good && sealer.seal(sequence, packet);
  good = good && opener.packet_length(sequence, Buffer(packet).first(shape.head)) == length;
  good = good && opener.open(sequence, packet).has_value();
  counter().on = false;
  EXPECT_TRUE(good);
  ++sequence;
  return counter().count;
}

TEST(Allocation, TheCounterCounts) {
  counter() = {true, 0};
  const auto something = std::make_unique<int>(1);
  counter().on = false;
  EXPECT_EQ(counter().count, 1U) << *something;
}

TEST(Allocation, NonePerPacket) {
  Bench bench;
  for (const auto& cipher : bench.provider.ciphers) {
    for (const auto& mac : bench.provider.macs) {
      const ByteVector key(cipher.key_size), iv(cipher.iv_size), mac_key(mac.key_size);
      const auto sealer = cipher.sealer({key, iv, mac_key}, &mac);
      const auto opener = cipher.opener({key, iv, mac_key}, &mac);
      std::uint32_t sequence = 0;
      allocations_of(*sealer, *opener, 32768, sequence);  // the first may grow what the others reuse
      for (const std::size_t payload : {1U, 16U, 100U, 1400U, 32768U, 65536U})
        for (int repeat = 0; repeat < 3; ++repeat)
          EXPECT_EQ(allocations_of(*sealer, *opener, payload, sequence), 0U)
              << cipher.name << " " << mac.name << " " << payload;
    }
  }
}

}  // namespace
}  // namespace nacre::testing
