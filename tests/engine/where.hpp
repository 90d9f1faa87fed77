// What engine/error.hpp says of Error::where, for every end that a test sees.
#pragma once

#include "engine/error.hpp"

namespace nacre::test {

inline bool where_fits(const Error& error) {
  switch (error.code) {
    case Code::packet_length:
    case Code::unknown_channel:
    case Code::window_exceeded:
    case Code::window_overflow: return true;  // a number of the peer's
    case Code::unexpected_message:
    case Code::malformed_message: return error.where < 256;
    case Code::no_common_algorithm: return error.where < 8;
    default: return error.where == 0;
  }
}

}  // namespace nacre::test
