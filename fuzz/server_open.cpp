// A server engine after the login: every change of the input lands in the connection protocol or a rekey.
#include "fuzz/engine_world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nacre::fuzz::run_open_server(std::as_bytes(std::span(data, size)));
  return 0;
}
