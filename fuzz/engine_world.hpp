// An engine, an application that decides by the fuzzer's bytes, and a stream of the fuzzer's bytes.
#pragma once

#include "crypto/bytes.hpp"

namespace nacre::fuzz {

// The first byte says how many of the next (times four) steer the application; the rest is what the peer sends: a raw
// stream from the first byte of a connection.
void run_client(Bytes input);
void run_server(Bytes input);

// The same after the login, where the peer sends packets: two bytes of size, then the payload, and so on. The packets
// around them are always well-formed, so that all that changes is what messages say.
void run_open_client(Bytes input);
void run_open_server(Bytes input);

}  // namespace nacre::fuzz
