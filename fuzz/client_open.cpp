// A client engine after the login, with one channel asked for: every change of the input lands in the connection
// protocol or a rekey.
#include "fuzz/engine_world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nacre::fuzz::run_open_client(std::as_bytes(std::span(data, size)));
  return 0;
}
