// What the programs ask of the C library's allocator.
#pragma once

#include <malloc.h>

namespace nacre::tools {

// Pieces of 64 KiB come and go with bulk data. By its defaults glibc gives the top of the heap back to the system each time
// 128 KiB of it are free, and then every page of the next piece is faulted in and cleared again: up to a fifth of all
// that a transfer costs. Up to 4 MiB stay with the process instead.
inline void keep_freed_memory() {
#ifdef __GLIBC__
  (void)::mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
  (void)::mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
#endif
}

}  // namespace nacre::tools
