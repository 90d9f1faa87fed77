// Prints which implementation of each primitive this Botan runs on this processor. Exits with 1 when the processor has
// an instruction set for packet protection or ML-KEM that the library was built without.

#include <botan/aead.h>
#include <botan/block_cipher.h>
#include <botan/hash.h>
#include <botan/mac.h>
#include <botan/stream_cipher.h>
#include <botan/version.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

struct Row {
  std::string name;
  std::string provider;
  bool too_slow = false;  // the processor can do better
};

struct Processor {
  bool aes = false, clmul = false, avx2 = false, bmi2 = false;
};

Processor this_processor() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return {.aes = __builtin_cpu_supports("aes") != 0,
          .clmul = __builtin_cpu_supports("pclmul") != 0,
          .avx2 = __builtin_cpu_supports("avx2") != 0,
          .bmi2 = __builtin_cpu_supports("bmi2") != 0};
#else
  return {};
#endif
}

bool generic(const std::string& provider) { return provider == "base" || provider == "vperm"; }

std::vector<Row> rows() {
  const auto cpu = this_processor();
  const auto aes = Botan::BlockCipher::create_or_throw("AES-256")->provider();
  const auto ghash = Botan::AEAD_Mode::create_or_throw("AES-256/GCM", Botan::Cipher_Dir::Encryption)->provider();
  const auto chacha = Botan::StreamCipher::create_or_throw("ChaCha(20)")->provider();
  const auto keccak = Botan::HashFunction::create_or_throw("SHA-3(256)")->provider();
  const bool chacha_wide = chacha == "avx2" || chacha == "avx512";
  return {
      {"AES (GCM and CTR)", aes, cpu.aes && generic(aes)},
      {"GHASH (GCM)", ghash, cpu.clmul && (generic(ghash) || ghash == "ssse3" || ghash == "simd")},
      {"ChaCha20", chacha, cpu.avx2 && !chacha_wide},
      {"Poly1305", Botan::MessageAuthenticationCode::create_or_throw("Poly1305")->provider()},
      {"Keccak (ML-KEM)", keccak, cpu.bmi2 && generic(keccak)},
      {"SHA-256", Botan::HashFunction::create_or_throw("SHA-256")->provider()},
      {"SHA-512", Botan::HashFunction::create_or_throw("SHA-512")->provider()},
  };
}

}  // namespace

int main() {
  bool good = true;
  std::printf("Botan %s on this processor uses\n", Botan::short_version_cstr());
  for (const auto& row : rows()) {
    std::printf("  %-18s %s%s\n", row.name.c_str(), row.provider.c_str(),
                row.too_slow ? "   FAULT: the processor can do better, and this build cannot" : "");
    good = good && !row.too_slow;
  }
  return good ? 0 : 1;
}
