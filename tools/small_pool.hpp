// A small pool of locked memory for programs that serve one user.
#pragma once

#include <cstddef>

namespace nacre::tools {

// Botan keeps secrets in memory that is never swapped out. It makes a pool of 512 KiB for that before main(), page by page
// between guards, which takes some 4 ms: half of what a whole login costs a client. A program that calls this, first thing
// in main(), had it make this much instead: enough for the keys of one connection. What does not fit is wiped all the same.
// A BOTAN_MLOCK_POOL_SIZE in the environment counts before it, and a shared libbotan-3 is initialized too early for it.
constexpr std::size_t small_pool_kib = 32;
void use_small_pool();

}  // namespace nacre::tools
