// Heap: what is allocated, by replaced operators new and delete, and charged to whoever is being called. Not for
// builds with a sanitizer, which has its own.
#pragma once

#include <cstddef>

namespace nacre::test {

struct Heap {
  std::size_t allocations = 0;  // so far
  std::size_t bytes = 0;        // in use, as they were asked for
  std::size_t peak = 0;         // the most that were in use at once; may be set back to `bytes`
};

// What is charged to nobody in particular.
Heap& heap_of_all();

// While it lives, allocations are charged to `heap`. What is freed goes off the account it was charged to, which must
// outlive it.
class Charged {
 public:
  explicit Charged(Heap& heap);
  ~Charged();
  Charged(const Charged&) = delete;
  Charged& operator=(const Charged&) = delete;

 private:
  [[maybe_unused]] Heap* before_;
};

}  // namespace nacre::test
