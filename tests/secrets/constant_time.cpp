// Run by constant_time.py under valgrind's memcheck, with secrets marked as undefined: memcheck then tells of every branch and
// every address that depends on one. Here those are counted; the script sees to it that none lies in nacre's own code.
#include <valgrind/memcheck.h>

#include <array>
#include <cstdio>
#include <string>

#include "crypto/botan_provider.hpp"
#include "crypto/password_hash.hpp"
#include "crypto/secret.hpp"
#include "engine/transport/key_schedule.hpp"

namespace {

using namespace nacre;

void hide(Bytes secret) { static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(secret.data(), secret.size())); }
template <class Value>
Value revealed(Value value) {
  static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(&value, sizeof value));
  return value;
}
unsigned long told() { return static_cast<unsigned long>(VALGRIND_COUNT_ERRORS); }

int failures = 0;

void expect(const std::string& what, bool good, unsigned long branches, unsigned long expected) {
  const bool right = good && branches == expected;
  std::printf("%s %s: %lu dependent branches, %lu expected%s\n", right ? "ok" : "FAILED", what.c_str(), branches,
              expected, good ? "" : "; a wrong result");
  if (!right) ++failures;
}

// Each comparison's answer is public, and nothing else is.
void comparisons() {
  for (const std::size_t differs : {0U, 1U, 31U, 64U}) {  // 64: nowhere
    ByteVector a(64, std::byte{1}), b(64, std::byte{1});
    if (differs < 64) b[differs] = std::byte{2};
    hide(a);
    hide(b);
    const auto before = told();
    const bool same = revealed(equal_in_constant_time(a, b));
    expect("equal_in_constant_time", same == (differs == 64), told() - before, 0);
  }
  Secret secret{Bytes(ByteVector(32, std::byte{7}))};
  hide(secret.bytes());
  const auto before = told();
  {
    const auto copy = secret.copy();
    Secret moved = std::move(secret);
    expect("Secret", revealed(equal_in_constant_time(copy.bytes(), moved.bytes())), told() - before, 0);
  }
}

// Packets under keys that are secret. `open` says yes or no: one branch, wherever the first difference is.
void packets(const CipherAlgorithm& cipher, const MacAlgorithm* mac) {
  ByteVector key(cipher.key_size, std::byte{3}), iv(cipher.iv_size, std::byte{4}), mac_key(mac ? mac->key_size : 0);
  // The keys of lengths are left alone: a length is judged by whoever reads packets, before it is known to be genuine.
  hide(cipher.iv_size == 0 ? Bytes(key).first(32) : Bytes(key));
  hide(mac_key);
  const PacketKeys keys{key, iv, mac_key};
  const auto shape = cipher.sealer(keys, mac)->shape();
  for (const std::size_t damaged : {0U, 1U, 2U}) {  // not, in the first byte of the tag, in its last
    const auto sealer = cipher.sealer(keys, mac);
    const auto opener = cipher.opener(keys, mac);
    const std::size_t length = shape.length_is_aligned ? 60 : 64;
    ByteVector packet(4 + length + shape.tag);
    store_be32(static_cast<std::uint32_t>(length), packet.data());
    auto before = told();
    const bool sealed = sealer->seal(5, packet);
    expect("seal " + std::string(cipher.name), sealed, told() - before, 0);
    if (damaged != 0) packet[damaged == 1 ? packet.size() - shape.tag : packet.size() - 1] ^= std::byte{1};
    before = told();
    static_cast<void>(opener->packet_length(5, Buffer(packet).first(shape.head)));
    const bool opened = opener->open(5, packet).has_value();
    const auto name = "open " + std::string(cipher.name) + " " + std::string(mac ? mac->name : "");
    expect(name, opened == (damaged == 0), told() - before, 1);
  }
}

void key_schedule(const Provider& provider) {
  Secret secret{Bytes(ByteVector(36, std::byte{9}))};
  hide(secret.bytes());
  const ByteVector hash(32), session(32);
  const auto digest = provider.key_exchanges[0].hash();
  const auto before = told();
  const auto keys =
      derive_keys(*digest, secret.bytes(), hash, session, {&provider.ciphers[3], &provider.macs[0]}, true);
  expect("derive_keys", keys.has_value(), told() - before, 0);
}

// What hashes passwords is Botan's, and bcrypt looks up tables by nature; the script knows whose branch is whose.
void passwords() {
  for (const std::string_view line : {"$2b$04$......................LAtw7/ohmmBAhnXqmkuIz83Rl5Qdjhm",
                                      "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"}) {
    ByteVector password(20, std::byte{'p'});
    hide(password);
    const bool right = revealed(check_password(password, line));
    expect("check_password", !right, 0, 0);
  }
}

}  // namespace

int main() {
  if (RUNNING_ON_VALGRIND == 0) {
    std::puts("this is run by valgrind");
    return 2;
  }
  const auto random = seeded_random(std::uint64_t{1});
  const auto provider = botan_provider(*random);
  comparisons();
  for (const auto& cipher : provider.ciphers) {
    if (cipher.authenticates)
      packets(cipher, nullptr);
    else
      for (const auto& mac : provider.macs) packets(cipher, &mac);
  }
  key_schedule(provider);
  passwords();
  return failures == 0 ? 0 : 1;
}
