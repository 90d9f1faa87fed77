// The same names where a sanitizer has operators new and delete of its own: nothing is counted.
#include "tests/engine/heap.hpp"

namespace nacre::test {

Heap& heap_of_all() {
  static Heap nobodys;
  return nobodys;
}

Charged::Charged(Heap&) : before_(nullptr) {}
Charged::~Charged() = default;

}  // namespace nacre::test
