// The benchmark program. `./dev bench` runs it with what each part wants; by hand it takes Google Benchmark's options.
#include <benchmark/benchmark.h>

#include "bench/parts.hpp"
#include "crypto/botan_provider.hpp"

int main(int argc, char** argv) {
  const auto random = nacre::system_random();
  const auto provider = nacre::botan_provider(*random);
  nacre::bench::add_packets(provider);
  nacre::bench::add_bulk(provider);
  nacre::bench::add_handshake(provider);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
