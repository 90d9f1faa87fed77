// One engine under a fuzzer: the stream is the fuzzer's bytes, the application is careless and obeys a second string of
// bytes, and what must hold of every engine is checked at each step.
#pragma once

#include <cstdint>

#include "engine/client.hpp"
#include "engine/server.hpp"

namespace nacre::fuzz {

// The first byte says how many of the following ones (times 4) steer the application; the rest is the stream.
void run_server(Bytes input);
void run_client(Bytes input);

}  // namespace nacre::fuzz
