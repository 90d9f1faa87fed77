// One mapping, filled from its beginning. The size stands in front of each block, for realloc.
#include "tests/secrets/arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace {

constexpr std::size_t arena_size = std::size_t{1} << 30;  // of addresses; pages come as they are touched
constexpr std::size_t header = 16;

struct Arena {
  std::byte* begin = nullptr;
  std::size_t used = 0;
};
Arena all;

void* take(std::size_t alignment, std::size_t size) {
  if (!all.begin) {
    void* place = mmap(nullptr, arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) std::abort();
    all.begin = static_cast<std::byte*>(place);
  }
  const auto at = (all.used + header + alignment - 1) / alignment * alignment;
  if (size > arena_size - at) {
    errno = ENOMEM;
    return nullptr;
  }
  all.used = at + size;
  std::memcpy(all.begin + at - sizeof size, &size, sizeof size);
  return all.begin + at;
}

std::size_t size_of(void* place) {
  std::size_t size = 0;
  std::memcpy(&size, static_cast<std::byte*>(place) - sizeof size, sizeof size);
  return size;
}

// Botan's pool of locked pages lies outside; it asks for its size before main.
[[gnu::constructor(101)]] void without_locked_pages() { setenv("BOTAN_MLOCK_POOL_SIZE", "0", 1); }

}  // namespace

// NOLINTBEGIN: the C library's names
extern "C" {
void* malloc(std::size_t size) noexcept { return take(header, size); }
void* calloc(std::size_t count, std::size_t size) noexcept {
  return size != 0 && count > arena_size / size ? nullptr : take(header, count * size);  // fresh pages are zeros
}
void* realloc(void* place, std::size_t size) noexcept {
  void* larger = take(header, size);
  if (place && larger) std::memcpy(larger, place, std::min(size, size_of(place)));
  return larger;
}
void free(void*) noexcept {}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return take(std::max(alignment, header), size);
}
int posix_memalign(void** place, std::size_t alignment, std::size_t size) noexcept {
  *place = take(std::max(alignment, header), size);
  return *place ? 0 : ENOMEM;
}
std::size_t malloc_usable_size(void* place) noexcept { return place ? size_of(place) : 0; }
}
// NOLINTEND

namespace nacre::test {

Bytes arena() { return {all.begin, all.used}; }

}  // namespace nacre::test
