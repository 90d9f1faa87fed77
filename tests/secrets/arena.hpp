// A heap that never gives a place a second time: what a program has left in freed memory can still be read. It stands in for
// malloc and its kin in the one program that is linked with it.
#pragma once

#include "crypto/bytes.hpp"

namespace nacre::test {

// All that has ever been allocated.
Bytes arena();

}  // namespace nacre::test
