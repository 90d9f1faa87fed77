// The replaced operators: each block carries its size and its account in front.
#include "tests/engine/heap.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace nacre::test {
namespace {

struct alignas(std::max_align_t) Block {
  std::size_t size;
  Heap* heap;
};

Heap nobodys;
Heap* charged = &nobodys;

void* allocate(std::size_t size) {
  void* place = std::malloc(sizeof(Block) + size);
  if (!place) throw std::bad_alloc();
  auto* block = new (place) Block{size, charged};
  ++charged->allocations;
  charged->bytes += size;
  charged->peak = std::max(charged->peak, charged->bytes);
  return block + 1;
}

void release(void* place) noexcept {
  if (!place) return;
  auto* block = static_cast<Block*>(place) - 1;
  block->heap->bytes -= block->size;
  std::free(block);
}

}  // namespace

Heap& heap_of_all() { return nobodys; }

Charged::Charged(Heap& heap) : before_(charged) { charged = &heap; }
Charged::~Charged() { charged = before_; }

}  // namespace nacre::test

void* operator new(std::size_t size) { return nacre::test::allocate(size); }
void* operator new[](std::size_t size) { return nacre::test::allocate(size); }
void operator delete(void* place) noexcept { nacre::test::release(place); }
void operator delete[](void* place) noexcept { nacre::test::release(place); }
void operator delete(void* place, std::size_t) noexcept { nacre::test::release(place); }
void operator delete[](void* place, std::size_t) noexcept { nacre::test::release(place); }
