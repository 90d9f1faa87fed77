// A server engine on a fuzzer's stream, from the first byte to the end, with a null provider: everything behind the keys
// is in reach.
#include "fuzz/engine_world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nacre::fuzz::run_server(std::as_bytes(std::span(data, size)));
  return 0;
}
