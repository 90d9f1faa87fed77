// Terminal modes on the wire (RFC 4254 8) and in a termios.
#pragma once

#include <termios.h>

#include "crypto/bytes.hpp"

namespace nacre::tools {

ByteVector encode_modes(const termios& terminal);

// Puts the modes into `terminal`, which holds what is not mentioned. Opcodes without meaning here are passed over; the
// walk stops at TTY_OP_END, at opcodes above 159 (RFC 4254 8) and where bytes are missing.
void decode_modes(Bytes modes, termios& terminal);

}  // namespace nacre::tools
