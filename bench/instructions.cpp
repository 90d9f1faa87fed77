// What bench/instructions.py counts under valgrind: each case once, inside the function that collecting is bound to. Prints
// what it was built with, then a line for each: its name, and by what the count is to be divided. Everything comes from
// seeds, so that every run is alike.
#include <cstdio>
#include <functional>
#include <string>

#include "bench/joined.hpp"
#include "bench/parts.hpp"

// The only place where instructions are collected. C linkage, so that its name is plain.
extern "C" [[gnu::noinline]] void nacre_measured(const std::function<void()>& work) {
  work();
  asm volatile("" ::: "memory");  // so that the call above is no tail call
}

namespace nacre::bench {
namespace {

void measure(const std::string& name, int divisor, const std::function<void()>& work) {
  nacre_measured(work);
  std::printf("%s %d\n", name.c_str(), divisor);
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "nacre-bench-instructions: %s\n", what);
  std::exit(1);
}

void packets(const Suite& suite, std::size_t data) {
  constexpr int count = 64;
  const Keys keys(suite);
  const auto sealer = suite.cipher->sealer(keys.view(), suite.mac);
  const auto opener = suite.cipher->opener(keys.view(), suite.mac);
  std::vector<ByteVector> batch(count, clear_packet(sealer->shape(), data));
  const auto kind = suite.name() + "/" + std::to_string(data);
  bool good = true;
  measure("seal/" + kind, count, [&] {
    for (std::uint32_t i = 0; i < count; ++i) good = sealer->seal(i, batch[i]) && good;
  });
  measure("open/" + kind, count, [&] {
    for (std::uint32_t i = 0; i < count; ++i) {
      good = opener->packet_length(i, Buffer(batch[i]).first(opener->shape().head)) != 0 && good;
      good = opener->open(i, batch[i]).has_value() && good;
    }
  });
  if (!good) fail("a packet was refused");
}

void handshake(const std::string& method) {
  constexpr int count = 4;
  World world({.key_exchange = method}, seeded_random(1));
  bool good = true;
  measure("handshake/" + method, count, [&] {
    for (int i = 0; i < count; ++i) good = Joined(world).login() && good;
  });
  if (!good) fail("no login");
}

void data(const std::string& cipher) {
  World world({.cipher = cipher}, seeded_random(2));
  Joined pair(world);
  if (!pair.login() || !pair.open()) fail("no channel");
  const auto move = [&](std::size_t goal, Bytes piece) {
    const auto end = pair.at_server.bytes + goal;
    while (pair.at_server.bytes < end) {
      pair.client.write(*pair.at_client.channel, piece);
      pair.up();
      pair.down();
    }
  };
  const ByteVector piece(32 * 1024, std::byte{'x'});
  move(1 << 20, piece);  // buffers reach their size
  measure("bulk-1MiB/" + short_name(cipher), 1, [&] { move(1 << 20, piece); });
  measure("byte/" + short_name(cipher), 64, [&] { move(64, Bytes(piece).first(1)); });
}

void everything() {
  const auto random = seeded_random(3);
  const auto provider = botan_provider(*random);
  for (const auto& suite : suites(provider))
    if (const auto name = suite.name();
        name == "aes128-gcm" || name == "chacha20-poly1305" || name == "aes128-ctr+hmac-sha2-256-etm") {
      packets(suite, 64);
      packets(suite, 16 * 1024);
    }
  handshake("curve25519-sha256");
  handshake("mlkem768x25519-sha256");
  data("aes128-gcm@openssh.com");
  data("chacha20-poly1305@openssh.com");
}

}  // namespace
}  // namespace nacre::bench

int main() {
  std::puts(NACRE_BUILT_WITH);
  nacre::bench::everything();
}
