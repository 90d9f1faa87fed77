// The benchmark program. `./dev bench` runs it with what each part wants; by hand it takes Google Benchmark's options.
#include <benchmark/benchmark.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <chrono>

#include "bench/bare.hpp"
#include "bench/parts.hpp"
#include "crypto/botan_provider.hpp"

namespace {

// Ticks a second of the processor's time stamp counter, which runs at one rate whatever the cores do; 0 where there is
// none. So cycles a byte, told as "TSC", are CPU time by another name.
double tsc_rate() {
#if defined(__x86_64__)
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto first = __rdtsc();
  while (Clock::now() - begin < std::chrono::milliseconds(50)) continue;
  const auto last = __rdtsc();
  return static_cast<double>(last - first) / std::chrono::duration<double>(Clock::now() - begin).count();
#else
  return 0;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const auto random = nacre::system_random();
  const auto provider = nacre::botan_provider(*random);
  nacre::bench::add_packets(provider);
  nacre::bench::add_bulk(provider);
  nacre::bench::add_handshake(provider);
  benchmark::AddCustomContext("tsc_rate", std::to_string(tsc_rate()));
  benchmark::AddCustomContext("openssl", nacre::bench::openssl_version());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
